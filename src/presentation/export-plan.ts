/* Which files a static image consists of: those that viewers ask for when they know nothing but its info.json (Image API
   3.0, "Level 0", and the implementation notes on tiles and sizes; 2.1 likewise). */
import type { Format } from '../protocol/format.js'
import type { Dimensions } from '../protocol/geometry.js'
import type { InfoDocument } from '../protocol/info.js'
import { isWithinLimits, type Limits } from '../protocol/limits.js'
import { listSizes, listTileGrid, listTiles, type TileSet } from '../protocol/tiles.js'
import { formatProfileUri, type ImageApiVersion } from '../protocol/version.js'
import { pick, readLimits } from './picture.js'

/** What an export has of an image. */
export interface ExportPlan {
  /** The info.json, which promises nothing but the files. */
  readonly info: InfoDocument
  /** The paths of the files, relative to that of info.json: region, size, rotation, quality and format. */
  readonly paths: readonly string[]
}

/** How an image is exported. */
export interface ExportShape {
  /** The version of the Image API. */
  readonly version: ImageApiVersion
  /** The side of tiles, in pixels; where there is none they are those of the source. */
  readonly tileSize?: number
  /** The formats, `jpg` among them. */
  readonly formats: readonly Format[]
}

/** Where no preferred size is as small as this, those of an image without levels are taken, in pixels. */
const smallSide = 1_000

/**
 * Plans an export.
 *
 * @param info - what the service itself says of the image
 */
export function planExport(info: InfoDocument, shape: ExportShape): ExportPlan {
  const { version, tileSize, formats } = shape
  const full = { width: Number(info.width), height: Number(info.height) }
  const limits = readLimits(info)
  const given = info.tiles as readonly StaticTiles[]
  const tiles = tileSize === undefined ? given : listTiles(full, limits, tileSize).map(omitHeight)
  const sizes = chooseSizes(info.sizes as readonly Dimensions[] | undefined, full, limits)
  const names = new Set([version === 2 && isWithinLimits(full, limits) ? 'full/full' : 'full/max'])
  for (const size of sizes) names.add(formatWhole(size, full, version))
  for (const tileSet of tiles) for (const name of listTileNames(tileSet, full, version)) names.add(name)
  return {
    info: buildStaticInfo(info, { sizes, tiles }, shape),
    paths: [...names].flatMap(name => formats.map(format => `${name}/0/default.${format}`)),
  }
}

/** Tiles as info.json tells of them: the height is the width where it is left out. */
type StaticTiles = Omit<TileSet, 'height'> & { readonly height?: number }

function omitHeight({ height: _, ...tiles }: TileSet): StaticTiles {
  return tiles
}

/* Levels of a pyramid may all be large; a thumbnail must be among the files. */
function chooseSizes(
  given: readonly Dimensions[] = [],
  full: Dimensions,
  limits: Limits,
): readonly Dimensions[] {
  const isSmall = ({ width, height }: Dimensions) => Math.max(width, height) <= smallSide
  return given.some(isSmall) ? given : listSizes(full, limits)
}

function* listTileNames(
  { width, height = width, scaleFactors }: StaticTiles,
  full: Dimensions,
  version: ImageApiVersion,
): Generator<string> {
  for (const scaleFactor of scaleFactors) {
    for (const { region, size } of listTileGrid(full, { width, height }, scaleFactor)) {
      const isWhole = region.width === full.width && region.height === full.height
      const { x, y } = region
      yield isWhole
        ? formatWhole(size, full, version)
        : `${x},${y},${region.width},${region.height}/${formatSize(size, version)}`
    }
  }
}

/* The region that is everything is called so by viewers, and so is the size. */
function formatWhole(size: Dimensions, full: Dimensions, version: ImageApiVersion): string {
  const isFull = size.width === full.width && size.height === full.height
  if (isFull) return version === 2 ? 'full/full' : 'full/max'
  return `full/${formatSize(size, version)}`
}

// The canonical forms: 3.0 section 4.8, 2.1 section 4.7.
function formatSize({ width, height }: Dimensions, version: ImageApiVersion): string {
  return version === 2 ? `${width},` : `${width},${height}`
}

const limitNames = ['maxWidth', 'maxHeight', 'maxArea']
const kept3 = ['@context', 'id', 'type', 'protocol', 'profile', 'width', 'height', ...limitNames, 'rights']
const kept2 = ['@context', '@id', 'protocol', 'width', 'height', 'license', 'attribution', 'logo']

interface StaticSizes {
  readonly tiles: readonly StaticTiles[]
  readonly sizes: readonly Dimensions[]
}

function buildStaticInfo(info: InfoDocument, offered: StaticSizes, shape: ExportShape): InfoDocument {
  const { version, formats } = shape
  const hasMore = formats.length > 1
  if (version === 2) {
    const [, details] = [info.profile].flat()
    const more = {
      ...(hasMore && { formats, qualities: ['default'] }),
      ...pick(Object(details), limitNames),
    }
    const profile = [formatProfileUri(2, 0), ...(Object.keys(more).length > 0 ? [more] : [])]
    return { ...pick(info, kept2), ...offered, profile }
  }
  const extraFormats = formats.filter(format => format !== 'jpg')
  return { ...pick(info, kept3), profile: 'level0', ...offered, ...(hasMore && { extraFormats }) }
}
