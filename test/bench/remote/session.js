/* What a viewer asks for while somebody looks at one picture: the whole first, then deeper and deeper into places of
   interest, with a little wandering about; in each view the tiles that it does not have yet, from the middle outwards. */
import { createRandom } from '../random.js'

/** @typedef {{ width: number, height: number }} Size */
/** @typedef {{ level: number, x: number, y: number }} View - the middle, in pixels of the full image */

const screen = { width: 1440, height: 900 }

/**
 * @param {Size} image
 * @param {number} side - of the tiles
 * @param {number} count - how many tiles are asked for
 * @param {number} seed
 * @returns {string[]} `region/size/0/default.jpg`
 */
export function listSession(image, side, count, seed) {
  const random = createRandom(seed)
  const top = Math.ceil(Math.log2(Math.max(image.width / screen.width, image.height / screen.height)))
  /** @type {Set<string>} */
  const asked = new Set()
  while (asked.size < count) {
    const place = { x: image.width * (0.15 + 0.7 * random()), y: image.height * (0.15 + 0.7 * random()) }
    for (let level = top; level >= 0 && asked.size < count; level -= 1) {
      addView(asked, image, side, { level, ...place })
      const step = (screen.width * 2 ** level) / 2
      for (let pans = level < 2 ? 2 : 0; pans > 0 && asked.size < count; pans -= 1) {
        place.x = clamp(place.x + (random() < 0.5 ? -step : step), image.width)
        place.y = clamp(place.y + (random() - 0.5) * step, image.height)
        addView(asked, image, side, { level, ...place })
      }
    }
  }
  return [...asked].slice(0, count)
}

/** @param {number} value @param {number} most */
function clamp(value, most) {
  return Math.min(Math.max(value, 0), most)
}

/**
 * @param {Set<string>} asked
 * @param {Size} image
 * @param {number} side
 * @param {View} view
 */
function addView(asked, image, side, { level, x, y }) {
  const factor = 2 ** level
  const tile = side * factor
  const tiles = []
  for (
    let top = firstTile(y, screen.height, factor, tile);
    top < Math.min(image.height, y + (screen.height * factor) / 2);
    top += tile
  ) {
    for (
      let left = firstTile(x, screen.width, factor, tile);
      left < Math.min(image.width, x + (screen.width * factor) / 2);
      left += tile
    ) {
      const distance = Math.hypot(left + tile / 2 - x, top + tile / 2 - y)
      tiles.push({ distance, path: formatTile(image, left, top, tile, factor) })
    }
  }
  for (const { path } of tiles.sort((a, b) => a.distance - b.distance)) asked.add(path)
}

/** @param {number} middle @param {number} pixels @param {number} factor @param {number} tile */
function firstTile(middle, pixels, factor, tile) {
  return Math.max(0, Math.floor((middle - (pixels * factor) / 2) / tile) * tile)
}

/** @param {Size} image @param {number} left @param {number} top @param {number} tile @param {number} factor */
function formatTile(image, left, top, tile, factor) {
  const width = Math.min(tile, image.width - left)
  const height = Math.min(tile, image.height - top)
  const size = `${Math.ceil(width / factor)},${Math.ceil(height / factor)}`
  return `${left},${top},${width},${height}/${size}/0/default.jpg`
}
