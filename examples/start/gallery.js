/* What the gallery shows: the names of the folders, a page at a time, and for each image on it the sizes that are there
   already. */
import { listImages } from 'honeydew'

/**
 * @typedef {object} Thumbnail
 * @property {string} src - the picture for browsers that cannot choose
 * @property {string} srcset - the preferred sizes of the image, of which browsers choose by the density of their screens
 * @property {number} width
 * @property {number} height
 */

/** @typedef {{ identifier: string, thumbnail: Thumbnail | undefined }} GalleryImage */

/**
 * @typedef {object} GalleryPage
 * @property {GalleryImage[]} images
 * @property {string} query - what is searched for; empty for everything
 * @property {number} number - counts from 1
 * @property {boolean} hasMore
 */

/** @typedef {{ query: string, number: number }} GalleryQuestion */

/** @typedef {Pick<import('honeydew').ImageService, 'info'>} Informant */

const pageLength = 48

/** How many images are opened at the same time, to learn of their sizes. */
const atOnce = 8

/** Cards are at most this wide, in pixels of CSS; the densest screens have three pixels in one. */
const maxWidth = 3 * 320

/**
 * Creates what finds a page of the gallery. Names come from the folders each time, so that new images are seen; no more of
 * them than a page are held.
 *
 * @param {readonly string[]} folders
 * @param {Informant} service
 * @returns {(question: GalleryQuestion, signal?: AbortSignal) => Promise<GalleryPage>}
 */
export function createGallery(folders, service) {
  return async ({ query, number }, signal) => {
    const first = (number - 1) * pageLength
    const identifiers = []
    let found = 0
    for await (const identifier of listEach(folders, signal)) {
      if (!matches(identifier, query)) continue
      found += 1
      if (found > first) identifiers.push(identifier)
      if (identifiers.length > pageLength) break
    }
    const hasMore = identifiers.length > pageLength
    const images = await mapAtOnce(identifiers.slice(0, pageLength), async identifier => ({
      identifier,
      thumbnail: await findThumbnail(identifier, service),
    }))
    return { images, query, number, hasMore }
  }
}

/**
 * Lists the images of several folders, of equal names the first.
 *
 * @param {readonly string[]} folders
 * @param {AbortSignal} [signal]
 */
export async function* listEach(folders, signal) {
  const seen = new Set()
  for (const folder of folders) {
    for await (const identifier of listImages(folder, signal ? { signal } : {})) {
      // One folder has no name twice.
      if (seen.has(identifier)) continue
      if (folders.length > 1 && folder === folders[0]) seen.add(identifier)
      yield identifier
    }
  }
}

/**
 * Whether a name has every word of a question, in any case.
 *
 * @param {string} identifier
 * @param {string} query
 */
function matches(identifier, query) {
  const name = identifier.toLocaleLowerCase()
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every(word => name.includes(word))
}

/**
 * @param {string} identifier
 * @param {Informant} service
 * @returns {Promise<Thumbnail | undefined>}
 */
async function findThumbnail(identifier, service) {
  const base = `/iiif/3/${encodeURIComponent(identifier)}`
  try {
    const info = await service.info(identifier, 3, base)
    const all = /** @type {{ width: number, height: number }[]} */ (info.sizes ?? [])
    const preferred = all.filter(({ width }) => width <= maxWidth)
    const [width, height] = [Number(info.width), Number(info.height)]
    // Of an image whose stored sizes are all large a small one is made.
    const scale = Math.min(1, maxWidth / 2 / width)
    const sizes =
      preferred.length > 0
        ? preferred
        : [{ width: Math.round(width * scale), height: Math.max(1, Math.round(height * scale)) }]
    const pictures = sizes.map(size => ({
      ...size,
      url: `${base}/full/${size.width},${size.height}/0/default.jpg`,
    }))
    const middle = pictures.find(picture => picture.width >= 240) ?? pictures.at(-1)
    return (
      middle && {
        src: middle.url,
        srcset: pictures.map(({ url, width: w }) => `${url} ${w}w`).join(', '),
        width,
        height,
      }
    )
  } catch {
    // It has the name of an image and is none, or is damaged: it is shown by its name.
    return undefined
  }
}

/**
 * @template Item, Result
 * @param {readonly Item[]} items
 * @param {(item: Item) => Promise<Result>} work
 */
async function mapAtOnce(items, work) {
  /** @type {Result[]} */
  const results = []
  for (let start = 0; start < items.length; start += atOnce) {
    results.push(...(await Promise.all(items.slice(start, start + atOnce).map(work))))
  }
  return results
}
