/* What is asked for: lists of IIIF paths without their prefix, `identifier/region/size/rotation/quality.format`. The
   picture of a session goes by many names, so that lists are longer than what servers remember of earlier URLs. */
import { listNames, sizes } from './corpus.js'
import { createRandom, shuffle } from './random.js'

/** @typedef {{ region: string, width: number, height: number, isEdge: boolean }} Tile */
/** @typedef {{ paths: string[], expected?: import('./picture.js').Size[] }} Session */

const edgeShare = 0.08
const suffix = '0/default.jpg'

/**
 * Tiles of all scale factors that a pyramid has, in random order; `expected` tells how large each answer must be.
 *
 * @param {string} name - the picture
 * @param {number} side - of the tiles that are asked for
 * @param {{ edges: boolean, stored?: number }} options - whether tiles at the right and bottom edge are among them, 8 %;
 *   and the side of the tiles that the file has, where it is another
 * @returns {Session}
 */
export function listTiles(name, side, { edges, stored = side }) {
  const random = createRandom(side)
  const all = shuffle(listGrid(sizeOf(name), side, stored), random)
  const inner = all.filter(tile => !tile.isEdge)
  const atEdges = all.filter(tile => tile.isEdge).slice(0, (inner.length * edgeShare) / (1 - edgeShare))
  const tiles = edges ? [...inner, ...atEdges] : inner
  const asked = shuffle(
    listNames(name).flatMap(id => tiles.map(tile => ({ id, tile }))),
    random,
  )
  return {
    paths: asked.map(({ id, tile }) => `${id}/${tile.region}/${tile.width},${tile.height}/${suffix}`),
    expected: asked.map(({ tile: { width, height } }) => ({ width, height })),
  }
}

/**
 * The tiles that a viewer may ask for, at each scale factor that the file has a level for.
 *
 * @param {import('./picture.js').Size} image
 * @param {number} side
 * @param {number} stored
 * @returns {Tile[]}
 */
function listGrid({ width, height }, side, stored) {
  const tiles = []
  for (let factor = 1; factor === 1 || Math.max(width, height) > (stored * factor) / 2; factor *= 2) {
    for (let y = 0; y < height; y += side * factor) {
      for (let x = 0; x < width; x += side * factor) {
        const wide = Math.min(side * factor, width - x)
        const high = Math.min(side * factor, height - y)
        tiles.push({
          region: `${x},${y},${wide},${high}`,
          width: Math.ceil(wide / factor),
          height: Math.ceil(high / factor),
          isEdge: wide < side * factor || high < side * factor,
        })
      }
    }
  }
  return tiles
}

/**
 * The same request for each of the names of some pictures.
 *
 * @param {readonly string[]} pictures
 * @param {string} request - for example `full/max/0/default.jpg`
 * @returns {Session}
 */
export function listWhole(pictures, request) {
  return { paths: pictures.flatMap(listNames).map(id => `${id}/${request}`) }
}

/**
 * Crops that are on no grid, of all sizes; a fourth as WebP, some grey, some turned.
 *
 * @param {string} name
 * @returns {Session}
 */
export function listCrops(name) {
  const random = createRandom(7)
  /** @param {number} low @param {number} high */
  const between = (low, high) => Math.floor(low + (high - low) * random())
  const { width, height } = sizeOf(name)
  const ids = listNames(name)
  const paths = Array.from({ length: 2000 }, () => {
    const [wide, high] = [between(200, 2000), between(200, 2000)]
    const region = [between(0, width - wide), between(0, height - high), wide, high].join()
    const size = `${Math.ceil(wide * (0.15 + 0.85 * random()))},`
    const rotation = random() < 0.15 ? 90 * between(1, 4) : 0
    const quality = random() < 0.15 ? 'gray' : 'default'
    const format = random() < 0.25 ? 'webp' : 'jpg'
    return `${ids[between(0, ids.length)]}/${region}/${size}/${rotation}/${quality}.${format}`
  })
  return { paths }
}

/**
 * The first of a session: few enough to be held in a cache.
 *
 * @param {Session} session
 * @param {number} count
 * @returns {Session}
 */
export function takeFirst({ paths, expected }, count) {
  return { paths: paths.slice(0, count), ...(expected && { expected: expected.slice(0, count) }) }
}

/** @param {string} name */
function sizeOf(name) {
  return sizes[name.startsWith('24-') ? 24 : 108]
}
