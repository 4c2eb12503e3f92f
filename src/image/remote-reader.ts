/* The reader for images that another image service has: tiles are sent as they come where a request is for just one of
   them, and else decoded and put together. */
import sharp from 'sharp'
import type { ImageDescription, ImageReader, PixelInput, PyramidLevel, RemoteImage } from '../contracts.js'
import { NotFoundError, SourceError } from '../errors.js'
import { type Box, ceilDivide, coversImage } from '../protocol/geometry.js'
import { throwIfAborted, tooLarge, toSourceFailure } from './failure.js'
import type { ReaderOptions } from './reader.js'

/** Other servers are not asked for more tiles of one image than this at the same time. */
const maxParallelTiles = 6

interface Place {
  /** The index of the level. */
  readonly level: number
  readonly column: number
  readonly row: number
  /** The pixels of the tile, in those of the level. */
  readonly box: Box
}

/**
 * Opens an image of another service.
 *
 * @throws {@link NotFoundError} for any page but the first: the Image API knows no others.
 */
export function openRemoteReader(remote: RemoteImage, options: Required<ReaderOptions>): ImageReader {
  if (options.page > 0)
    throw new NotFoundError(
      'not-found',
      `The image has one page; there is none with the index ${options.page}.`,
    )
  return {
    description: describeRemote(remote),
    stored: (level, box, signal) => fetchStored(remote, level, box, signal),
    pixels: (level, box, signal) => readPixels(remote, level, box, options.maxInputPixels, signal),
    async close() {},
  }
}

function describeRemote({ width, height, levels, format }: RemoteImage): ImageDescription {
  const coding = format === 'png' ? {} : { coding: { format, isRemote: true } }
  const [first, ...others] = levels.map((level): PyramidLevel => ({ ...level, ...coding }))
  return {
    width,
    height,
    format: 'iiif',
    pages: 1,
    levels: [first ?? { width, height, scaleFactor: 1 }, ...others],
    bands: 3,
    depth: 8,
    hasAlpha: false,
    colour: 'rgb',
    orientation: 1,
    hasProfile: false,
  }
}

async function fetchStored(
  remote: RemoteImage,
  level: number,
  box: Box,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  const [place, ...others] = listPlaces(remote, level, box)
  const isOne =
    place && others.length === 0 && place.box.width === box.width && place.box.height === box.height
  if (!isOne) return undefined
  const { bytes, isPlain } = await fetchTile(remote, place, signal)
  // Copied: whoever fetched the tile may keep it for others.
  return isPlain ? new Uint8Array(bytes) : undefined
}

async function readPixels(
  remote: RemoteImage,
  level: number,
  box: Box,
  maxPixels: number,
  signal?: AbortSignal,
): Promise<PixelInput> {
  if (box.width * box.height > maxPixels)
    throw tooLarge(
      `${box.width} × ${box.height} pixels would have to be put together; ${maxPixels} are allowed.`,
    )
  const places = listPlaces(remote, level, box)
  const [only] = places
  const tile = only && places.length === 1 ? await fetchTile(remote, only, signal) : undefined
  if (only && tile?.isExact) {
    const inner = { ...box, x: box.x - only.box.x, y: box.y - only.box.y }
    return { kind: 'encoded', data: tile.bytes, box: inner, whole: coversImage(inner, only.box), maxPixels }
  }
  const data = new Uint8Array(box.width * box.height * 3)
  const rest = places[Symbol.iterator]()
  const drawLane = async (): Promise<void> => {
    // The lanes share one iterator: each takes the next tile when it is done with its last.
    for (const place of rest) {
      const { bytes } = await fetchTile(remote, place, signal)
      draw(data, box, await decode(bytes, place, signal), place.box)
    }
  }
  await Promise.all(Array.from({ length: maxParallelTiles }, drawLane))
  return { kind: 'raw', data, width: box.width, height: box.height, channels: 3, depth: 8, isOwn: true }
}

/* The tiles that a box touches, row by row. */
function listPlaces({ levels }: RemoteImage, index: number, box: Box): Place[] {
  const level = levels[index]
  if (level === undefined) throw new RangeError(`level: there is no ${index}`)
  const { width, height } = level.tile
  const places: Place[] = []
  for (let row = Math.floor(box.y / height); row < ceilDivide(box.y + box.height, height); row += 1) {
    for (let column = Math.floor(box.x / width); column < ceilDivide(box.x + box.width, width); column += 1) {
      const [x, y] = [column * width, row * height]
      const size = { width: Math.min(width, level.width - x), height: Math.min(height, level.height - y) }
      places.push({ level: index, column, row, box: { x, y, ...size } })
    }
  }
  return places
}

interface FetchedTile {
  readonly bytes: Uint8Array
  /** Whether the tile has the size that was asked for, and not another by rounding. */
  readonly isExact: boolean
  /** Whether the bytes can be sent as they are: exact, of the format that was asked for, and upright. */
  readonly isPlain: boolean
}

/* A tile of another size would put every pixel in the wrong place, so that none is believed before it was looked at. One
   pixel more or less is how others round: such a tile is scaled to what it should be. */
async function fetchTile(
  remote: RemoteImage,
  { level, column, row, box }: Place,
  signal: AbortSignal | undefined,
): Promise<FetchedTile> {
  const bytes = await remote.fetchTile(level, column, row, signal)
  throwIfAborted(signal)
  const {
    width,
    height,
    format,
    orientation = 1,
    space,
  } = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw toSourceFailure(error)
    })
  if (Math.abs(width - box.width) > 1 || Math.abs(height - box.height) > 1) {
    throw new SourceError(
      502,
      'source-unavailable',
      `The other service sent ${width} × ${height} pixels instead of ${box.width} × ${box.height}.`,
    )
  }
  const isFormat = format === (remote.format === 'jpg' ? 'jpeg' : remote.format)
  const isExact = width === box.width && height === box.height
  return { bytes, isExact, isPlain: isExact && isFormat && orientation === 1 && space !== 'cmyk' }
}

async function decode(
  bytes: Uint8Array,
  { box }: Place,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  throwIfAborted(signal)
  try {
    const { width, height } = box
    const image = sharp(bytes, { failOn: 'error', limitInputPixels: (width + 1) * (height + 1) })
    return await image
      .removeAlpha()
      .resize(width, height, { fit: 'fill' })
      .toColourspace('srgb')
      .raw()
      .toBuffer()
  } catch (error) {
    throw toSourceFailure(error)
  }
}

/* Copies what of a tile lies in the region. */
function draw(region: Uint8Array, box: Box, tile: Uint8Array, place: Box): void {
  const left = Math.max(box.x, place.x)
  const right = Math.min(box.x + box.width, place.x + place.width)
  const top = Math.max(box.y, place.y)
  const bottom = Math.min(box.y + box.height, place.y + place.height)
  for (let y = top; y < bottom; y += 1) {
    const from = ((y - place.y) * place.width + left - place.x) * 3
    const to = ((y - box.y) * box.width + left - box.x) * 3
    region.set(tile.subarray(from, from + (right - left) * 3), to)
  }
}
