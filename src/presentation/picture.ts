/* From the info.json of an image to what a manifest says of it: its services, the picture that is painted, the thumbnail
   (Image API 3.0 section 5.8, Presentation API 3.0 section 4.2 on services and section 3.1 on thumbnails). */
import { type Dimensions, scaleSide } from '../protocol/geometry.js'
import type { InfoDocument } from '../protocol/info.js'
import { fitWithin, isWithinLimits, type Limits } from '../protocol/limits.js'
import type { ImageApiVersion } from '../protocol/version.js'
import type { PresentationDocument } from './about.js'
import type { Picture } from './draft.js'
import type { PresentationApiVersion } from './place.js'

/** The info.json of one image, in the versions of the Image API that are served. */
export type Infos = Readonly<Partial<Record<ImageApiVersion, InfoDocument>>>

/** Thumbnails are at least this long on their longer side, where the image is, in pixels. */
const thumbnailSide = 240

/** Where the preferred sizes are all larger than this, a thumbnail is scaled for its purpose, in pixels. */
const maxThumbnailSide = 1_000

/** The properties of info.json that viewers need before they have it. */
const told3 = ['profile', 'width', 'height', 'maxWidth', 'maxHeight', 'maxArea', 'sizes', 'tiles', 'service']
const told2 = ['width', 'height', 'sizes', 'tiles', 'service']

/** The services of an image, the one first that viewers of the version know best. */
function listServices(infos: Infos, version: PresentationApiVersion): PresentationDocument[] {
  const third = infos[3] && { id: infos[3].id, type: 'ImageService3', ...pick(infos[3], told3) }
  const second = infos[2] && buildService2(infos[2], version)
  const known = version === 3 ? [third, second] : [second ?? third]
  return known.filter(service => service !== undefined)
}

/* What is needed to choose another small size: tiles are none. */
function listThumbnailServices(infos: Infos, version: PresentationApiVersion): PresentationDocument[] {
  return listServices(infos, version)
    .slice(0, 1)
    .map(({ tiles: _, ...service }) => service)
}

// Version 3 section 4.6: services of older versions keep @id and @type. Version 2.1 annex: a context, and no type.
function buildService2(info: InfoDocument, version: PresentationApiVersion): PresentationDocument {
  const [profile] = [info.profile].flat()
  const type = version === 3 ? { '@type': 'ImageService2' } : {}
  const context = version === 3 ? {} : { '@context': info['@context'] }
  return { ...context, '@id': info['@id'], ...type, profile, ...pick(info, told2) }
}

/** The properties with these names, of those that are there. */
export function pick(info: InfoDocument, names: readonly string[]): PresentationDocument {
  return Object.fromEntries(names.filter(name => info[name] !== undefined).map(name => [name, info[name]]))
}

/** The picture of the whole image, as large as the server gives it. */
export function buildBody(infos: Infos, version: PresentationApiVersion): Picture | undefined {
  const image = choose(infos, version)
  if (image === undefined) return undefined
  const { full, limits } = image
  const isWhole = isWithinLimits(full, limits)
  // 2.1 section 4.2: what is over the limits is refused when its full size is asked for.
  const size = image.version === 2 && isWhole ? 'full' : 'max'
  const dimensions = isWhole ? full : fitWithin(full, full, limits)
  return buildPicture(image, size, dimensions, listServices(infos, version))
}

/** A small picture: the smallest of the preferred sizes that is large enough, so that it may be there already. */
export function buildThumbnail(infos: Infos, version: PresentationApiVersion): Picture | undefined {
  const image = choose(infos, version)
  if (image === undefined) return undefined
  const size = chooseThumbnailSize(image)
  return buildPicture(image, formatSize(image, size), size, listThumbnailServices(infos, version))
}

/** The preferred size that is best for a picture of at least `side` pixels on its longer side. */
function chooseThumbnailSize({ full, sizes, limits }: Image): Dimensions {
  const found = sizes.find(size => longerSide(size) >= thumbnailSide) ?? sizes.at(-1)
  if (found && longerSide(found) <= maxThumbnailSide) return found
  const box = { width: thumbnailSide, height: thumbnailSide }
  return fitWithin(full, box, limits)
}

interface Image {
  readonly version: ImageApiVersion
  readonly id: string
  readonly full: Dimensions
  readonly sizes: readonly Dimensions[]
  readonly limits: Limits
}

/* What viewers of version 2.1 ask for themselves is best in version 2 of the Image API too. */
function choose(infos: Infos, version: PresentationApiVersion): Image | undefined {
  const order: readonly ImageApiVersion[] = version === 3 ? [3, 2] : [2, 3]
  const found = order.find(each => infos[each] !== undefined)
  const info = found && infos[found]
  if (!found || info === undefined) return undefined
  const { width, height, sizes = [] } = info
  return {
    version: found,
    id: String(found === 3 ? info.id : info['@id']),
    full: { width: Number(width), height: Number(height) },
    sizes: sizes as readonly Dimensions[],
    limits: readLimits(info),
  }
}

/** The limits that an info.json tells; version 2 has them in its profile. */
export function readLimits(info: InfoDocument): Limits {
  const [, details] = [info.profile].flat()
  const { maxWidth = Infinity, maxHeight = maxWidth, maxArea = Infinity } = { ...info, ...Object(details) }
  return {
    maxWidth: Number(maxWidth),
    maxHeight: Number(maxHeight),
    maxArea: Number(maxArea),
    maxScale: 1,
  }
}

// The canonical forms of both versions: `w,h`, and `w,` where that keeps the aspect.
function formatSize({ version, full }: Image, { width, height }: Dimensions): string {
  const keepsAspect = scaleSide(full.height, full.width, width) === height
  return version === 2 && keepsAspect ? `${width},` : `${width},${height}`
}

function buildPicture(
  { id }: Image,
  size: string,
  { width, height }: Dimensions,
  services: readonly PresentationDocument[],
): Picture {
  return { id: `${id}/full/${size}/0/default.jpg`, width, height, services }
}

function longerSide({ width, height }: Dimensions): number {
  return Math.max(width, height)
}
