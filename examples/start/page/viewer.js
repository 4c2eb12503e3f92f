/* Runs in the viewer page: opens OpenSeadragon on the info.json that the page names. */
/* global OpenSeadragon */

OpenSeadragon.setString('Errors.OpenFailed', 'This image cannot be opened.')

const stage = document.getElementById('viewer')
const viewer = OpenSeadragon({
  element: stage,
  tileSources: stage.dataset.info,
  // WebGL is slow where there is no graphics card; tiles on a canvas are quick everywhere.
  drawer: 'canvas',
  prefixUrl: '/openseadragon/images/',
  showNavigator: true,
  showRotationControl: true,
  navigatorPosition: 'BOTTOM_RIGHT',
  maxZoomPixelRatio: 12,
  gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
})

// Beyond the full size pixels are shown as they are: squares, not a blur.
viewer.addHandler('animation', () => {
  const image = viewer.world.getItemAt(0)
  if (image)
    viewer.drawer.setImageSmoothingEnabled(image.viewportToImageZoom(viewer.viewport.getZoom(true)) < 2)
})

viewer.addHandler('open', () => viewer.canvas.focus())

// Whole addresses, ready to be copied into another viewer.
for (const link of document.querySelectorAll('.address')) link.textContent = link.href
