/* Runs in the viewer page: opens OpenSeadragon on the image that the page names, and the builder beside it. */
/* global OpenSeadragon */
import { watchBuilder } from '/builder.js'
import { say } from '/copy.js'
import { createRegion } from '/region.js'

OpenSeadragon.setString('Errors.OpenFailed', 'This image cannot be opened.')

const stage = document.getElementById('stage')
const viewer = OpenSeadragon({
  element: stage,
  tileSources: `${stage.dataset.image}/info.json`,
  // WebGL is slow where there is no graphics card; tiles on a canvas are quick everywhere.
  drawer: 'canvas',
  prefixUrl: '/openseadragon/images/',
  showNavigator: stage.clientWidth > 600,
  showRotationControl: true,
  navigatorPosition: 'BOTTOM_RIGHT',
  maxZoomPixelRatio: 12,
  gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
})
viewer.canvas.setAttribute('role', 'application')
viewer.canvas.setAttribute(
  'aria-label',
  `${stage.dataset.name}: zoom with plus and minus, move with the arrow keys`,
)

// Beyond the full size pixels are shown as they are: squares, not a blur.
viewer.addHandler('animation', () => {
  const image = viewer.world.getItemAt(0)
  if (image)
    viewer.drawer.setImageSmoothingEnabled(image.viewportToImageZoom(viewer.viewport.getZoom(true)) < 2)
})

viewer.addHandler('open', () => {
  const { x: width, y: height } = viewer.source.dimensions
  const id = new URL(stage.dataset.image, location.href).href
  const region = createRegion(viewer, document.getElementById('draw'), part => builder.take(part))
  const builder = watchBuilder(document.getElementById('builder'), { id, width, height }, region)
})

viewer.addHandler('open-failed', () => {
  document.getElementById('builder').hidden = true
  say('This image cannot be opened.')
})
