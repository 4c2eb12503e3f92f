/* From the fields of the builder to an image URL: the arithmetic of the Image API, as far as the page has to know it. */

/**
 * Reads the form.
 *
 * @param {HTMLFormControlsCollection} elements
 * @param {{ id: string, width: number, height: number }} info - of the image
 */
export function readImage(elements, info) {
  const part = readRegion(elements, info)
  const size = resolveSize(elements, part)
  const degrees = numberOf(elements.degrees, 0) % 360
  const rotation = `${elements.mirror.checked ? '!' : ''}${degrees}`
  const region =
    elements.region.value === 'part' ? `${part.x},${part.y},${part.w},${part.h}` : elements.region.value
  const formatUrl = (asked, format) =>
    `${info.id}/${region}/${asked}/${rotation}/${elements.quality.value}.${format}`
  return { part, size, format: elements.format.value, formatUrl }
}

/* A field that is empty means what is usual. */
function numberOf(input, otherwise) {
  const value = input.valueAsNumber
  return Number.isFinite(value) && value >= 0 ? value : otherwise
}

function readRegion(elements, { width, height }) {
  const side = Math.min(width, height)
  switch (elements.region.value) {
    case 'square':
      return { x: Math.floor((width - side) / 2), y: Math.floor((height - side) / 2), w: side, h: side }
    case 'part': {
      const x = Math.min(Math.round(numberOf(elements.x, 0)), width - 1)
      const y = Math.min(Math.round(numberOf(elements.y, 0)), height - 1)
      const w = Math.max(1, Math.round(numberOf(elements.w, Math.ceil(width / 2))))
      const h = Math.max(1, Math.round(numberOf(elements.h, Math.ceil(height / 2))))
      return { x, y, w: Math.min(w, width - x), h: Math.min(h, height - y) }
    }
    default:
      return { x: 0, y: 0, w: width, h: height }
  }
}

/* Nothing is scaled up: what is asked for beyond the size of the region is brought down to it. */
function resolveSize(elements, { w, h }) {
  const width = Math.min(Math.max(1, Math.round(numberOf(elements.width, w))), w)
  const height = Math.min(Math.max(1, Math.round(numberOf(elements.height, h))), h)
  const across = { width, height: Math.max(1, Math.round((h * width) / w)) }
  const down = { width: Math.max(1, Math.round((w * height) / h)), height }
  switch (elements.size.value) {
    case 'w':
      return { text: `${width},`, ...across }
    case 'h':
      return { text: `,${height}`, ...down }
    case 'fit':
      return { text: `!${width},${height}`, ...(across.height <= height ? across : down) }
    case 'pct': {
      const percent = Math.min(Math.max(numberOf(elements.percent, 100), 0.01), 100)
      const of = side => Math.max(1, Math.round((side * percent) / 100))
      return { text: `pct:${percent}`, width: of(w), height: of(h) }
    }
    default:
      return { text: 'max', width: w, height: h }
  }
}
