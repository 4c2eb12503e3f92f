/* The region on the picture: drawn with a pointer, and shown where the fields say it is. */

/**
 * Lets a region be drawn.
 *
 * @param {object} viewer - an OpenSeadragon viewer with one image
 * @param {HTMLButtonElement} button - switches drawing on and off
 * @param {(region: { x: number, y: number, w: number, h: number }) => void} onDrawn
 */
export function createRegion(viewer, button, onDrawn) {
  const isDrawing = () => button.getAttribute('aria-pressed') === 'true'

  function setDrawing(isOn) {
    button.setAttribute('aria-pressed', String(isOn))
    viewer.container.classList.toggle('drawing', isOn)
    if (isOn) viewer.container.scrollIntoView({ block: 'nearest' })
  }

  button.addEventListener('click', () => setDrawing(!isDrawing()))
  addEventListener('keydown', event => {
    if (event.key === 'Escape' && isDrawing()) setDrawing(false)
  })
  trackPointer(viewer, isDrawing, (from, to, isDone) => {
    onDrawn(between(from, to, viewer.source.dimensions))
    if (isDone) setDrawing(false)
  })
  return { show: createFrame(viewer) }
}

/* Tells from where to where the pointer was dragged, in pixels of the image. */
function trackPointer(viewer, isOn, onDrag) {
  let start
  const toImage = position => viewer.viewport.viewerElementToImageCoordinates(position)
  const handle = (name, work) =>
    viewer.addHandler(name, event => {
      if (!isOn()) return
      // While one draws the picture stays where it is.
      event.preventDefaultAction = true
      work(event.position)
    })
  handle('canvas-press', position => {
    start = toImage(position)
  })
  handle('canvas-drag', position => {
    if (start) onDrag(start, toImage(position), false)
  })
  handle('canvas-drag-end', position => {
    if (start) onDrag(start, toImage(position), true)
    start = undefined
  })
}

function between(a, b, { x: width, y: height }) {
  const clamp = (value, max) => Math.min(Math.max(Math.round(value), 0), max)
  const [left, right] = [clamp(Math.min(a.x, b.x), width - 1), clamp(Math.max(a.x, b.x), width)]
  const [top, bottom] = [clamp(Math.min(a.y, b.y), height - 1), clamp(Math.max(a.y, b.y), height)]
  return { x: left, y: top, w: Math.max(1, right - left), h: Math.max(1, bottom - top) }
}

/* The frame on the picture, or none. */
function createFrame(viewer) {
  const frame = document.createElement('div')
  frame.className = 'region'
  let isShown = false
  return region => {
    if (isShown) viewer.removeOverlay(frame)
    isShown = region !== undefined
    if (!isShown) return
    const { x, y, w, h } = region
    viewer.addOverlay(frame, viewer.viewport.imageToViewportRectangle(x, y, w, h))
  }
}
