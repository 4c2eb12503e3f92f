/* What another image service says of an image: its info.json of version 2 or 3, read into the tiles that can be asked for
   (Image API 3.0 and 2.1 section 5). It was written by others, and every number in it is checked. */
import type { RemoteLevel } from '../contracts.js'
import { SourceError } from '../errors.js'
import { ceilDivide, type Dimensions } from '../protocol/geometry.js'
import { defaultTileSize, listScaleFactors } from '../protocol/tiles.js'
import type { ImageApiVersion } from '../protocol/version.js'

/** An image of another service. */
export interface RemoteInfo extends Dimensions {
  /** The version of the Image API that it speaks. */
  readonly version: ImageApiVersion
  /** Whether sizes are asked for as `w,`: what services of version 2 understand, unless they say that they do more. */
  readonly isWidthOnly: boolean
  /** What can be asked for, the largest first. */
  readonly levels: readonly [RemoteLevel, ...RemoteLevel[]]
}

type Json = Readonly<Record<string, unknown>>

const maxSide = 2 ** 26
const maxTileSide = 8192
const maxFactors = 40

/**
 * Reads an info.json.
 *
 * @throws {@link SourceError} (502) when it is none, or (501) when it offers nothing that an image can be made of.
 */
export function parseRemoteInfo(text: string): RemoteInfo {
  const info = parseJson(text)
  const version = findVersion(info)
  const width = readSide(info.width)
  const height = readSide(info.height)
  if (version === undefined || width === undefined || height === undefined)
    throw refuse(502, 'source-unavailable', 'is no info.json of version 2 or 3')
  const image = { width, height }
  const levels = buildLevels(image, findTiles(info, image))
  const [first, ...others] = levels
  if (first?.scaleFactor !== 1) throw refuse(501, 'source-unsupported', 'offers no tiles of the whole image')
  const isWidthOnly = version === 2 && findLevel(info) < 2
  return { version, isWidthOnly, ...image, levels: [first, ...others] }
}

function parseJson(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    return isJson(value) ? value : {}
  } catch {
    return {}
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}

function findVersion(info: Json): ImageApiVersion | undefined {
  const contexts = [info['@context']].flat()
  if (contexts.includes('http://iiif.io/api/image/3/context.json')) return 3
  return contexts.includes('http://iiif.io/api/image/2/context.json') ? 2 : undefined
}

function readSide(value: unknown, most: number = maxSide): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most
    ? value
    : undefined
}

interface Tiles {
  readonly tile: Dimensions
  readonly factors: readonly number[]
}

/* The tiles that it lists; where it lists none, those that a service of level 1 or 2 makes of any region. */
function findTiles(info: Json, image: Dimensions): Tiles | undefined {
  const listed = [info.tiles]
    .flat()
    .map(readTiles)
    .find(tiles => tiles !== undefined)
  const isStatic = findLevel(info) === 0
  if (listed)
    return isStatic || listed.factors.includes(1) ? listed : { ...listed, factors: [1, ...listed.factors] }
  if (isStatic) return undefined
  const tile = { width: defaultTileSize, height: defaultTileSize }
  return { tile, factors: listScaleFactors(image, tile) }
}

function readTiles(value: unknown): Tiles | undefined {
  if (!isJson(value) || !Array.isArray(value.scaleFactors)) return undefined
  const width = readSide(value.width, maxTileSide)
  const height = value.height === undefined ? width : readSide(value.height, maxTileSide)
  const factors = value.scaleFactors.map(factor => readSide(factor)).filter(factor => factor !== undefined)
  if (width === undefined || height === undefined || factors.length !== value.scaleFactors.length)
    return undefined
  return { tile: { width, height }, factors: factors.slice(0, maxFactors) }
}

function findLevel(info: Json): number {
  const [profile] = [info.profile].flat()
  const [, level] = /level([012])(?:\.json)?$/.exec(typeof profile === 'string' ? profile : '') ?? []
  // Who says nothing is asked for no more than files.
  return Number(level ?? 0)
}

function buildLevels(image: Dimensions, tiles: Tiles | undefined): RemoteLevel[] {
  const factors = [...new Set(tiles?.factors)].sort((one, two) => one - two)
  return factors.map(scaleFactor => ({
    width: ceilDivide(image.width, scaleFactor),
    height: ceilDivide(image.height, scaleFactor),
    scaleFactor,
    tile: tiles?.tile ?? image,
  }))
}

function refuse(
  status: number,
  code: 'source-unavailable' | 'source-unsupported',
  finding: string,
): SourceError {
  return new SourceError(status, code, `What the other image service tells of the image ${finding}.`)
}

/**
 * Writes the path of a tile behind the address of the image, in the form in which services without a program, that hold
 * files of these names, have it: canonical, and `full` where one tile is the whole level.
 */
export function formatTilePath(
  { version, isWidthOnly, width, height }: RemoteInfo,
  { scaleFactor, tile, ...level }: RemoteLevel,
  column: number,
  row: number,
  format: string,
): string {
  const x = column * tile.width
  const y = row * tile.height
  const wide = Math.min(tile.width, level.width - x)
  const high = Math.min(tile.height, level.height - y)
  const [left, top] = [x * scaleFactor, y * scaleFactor]
  const isWhole = wide === level.width && high === level.height
  const across = Math.min(tile.width * scaleFactor, width - left)
  const down = Math.min(tile.height * scaleFactor, height - top)
  const region = isWhole ? 'full' : `${left},${top},${across},${down}`
  const size = isWidthOnly ? `${wide},` : `${wide},${high}`
  const isMax = isWhole && scaleFactor === 1
  return `${region}/${isMax ? maxSize[version] : size}/0/default.${format}`
}

/* The canonical word for a whole image at its own size. */
const maxSize: Readonly<Record<ImageApiVersion, string>> = { 2: 'full', 3: 'max' }
