/* What it costs to make an image, estimated before anything is read: how many pixels pass through, and how much memory
   is in use at the peak. Too high is safe; a test holds it against what libvips really takes. */
import type { ImageDescription, SourceFormat } from '../contracts.js'
import type { Box, Dimensions } from '../protocol/geometry.js'
import type { Encoding } from './encode.js'
import { maxDrawnPixels } from './overlay-raster.js'
import type { RenderPlan } from './plan.js'
import type { StoredPlan } from './stored.js'
import { spanTiles } from './tiff/subset.js'

/** What it costs to make an image. */
export interface Cost {
  /** How many pixels are decoded, copied or encoded. */
  readonly pixels: number
  /** How much memory is in use at the peak, in bytes. */
  readonly bytes: number
}

/** What every pipeline of libvips takes, whatever it does. */
const pipelineBytes = 8_000_000

/** How many rows libvips holds of an image that it reads from top to bottom. */
const heldRows = 512

/* Formats that are decoded into memory as a whole, and what a pixel takes there, samples of eight bits. */
const wholeDecoded: Readonly<Partial<Record<SourceFormat, number>>> = { webp: 8, gif: 8, avif: 20, svg: 8 }

/* What a pixel of the result takes in memory while it is encoded: formats that need the whole image, and the bytes that
   come out, twice, because the memory that they are collected in grows by being copied. */
const encodedBytes: Readonly<Record<Encoding['format'], number>> = {
  jpg: 2,
  png: 8,
  webp: 16,
  tif: 12,
  gif: 12,
  avif: 24,
}

/* GIF has few colours: to choose them all that there are get counted, of which there are only so many. */
const bytesPerColour = 80
const maxColourBytes = 110_000_000

/** Estimates what it costs to render an image. */
export function estimateRender(description: ImageDescription, plan: RenderPlan): Cost {
  const level = description.levels[plan.level] ?? description.levels[0]
  const samples = (description.bands + (description.hasAlpha ? 1 : 0)) * Math.ceil(description.depth / 8)
  const scaled = plan.resize ?? plan.box
  const read = level.tile ? measureTiles(level.tile, plan.box) : level
  const decoded = countDecoded(description, read, level.tile) * samplesOf(description, samples)
  // A turned image is held as a whole, and so is one that takes a second pass.
  const isMarkedInTwo = plan.overlay !== undefined && plan.colour === 'bitonal'
  const isHeld = plan.angle !== 0 || plan.tilt !== 0 || plan.wide || plan.oriented || isMarkedInTwo
  const turned = isHeld ? area(scaled) * Math.max(4, samples) * 2 : 0
  const encoded = estimateEncoded(area(plan.output), plan.encoding.format)
  const squares = estimateSquares(description, plan, samples)
  const made = pipelineBytes + decoded + turned + encoded + estimateCovers(plan)
  return {
    pixels: area(read) + area(plan.output) + squares.pixels,
    bytes: Math.ceil(made + squares.bytes),
  }
}

/* What a pixel takes that is painted over, and one that something is laid on: it is made, turned, and laid on as a copy. */
const paintedBytes = 4
const laidBytes = 9

/* What is drawn to be laid on, where it is not kept from before. */
const drawnBytes = 4

/* What covers an image is in memory as a whole, beside the image. */
function estimateCovers({ redaction, overlay }: RenderPlan): number {
  const painted = redaction ? area(redaction.frame) * paintedBytes : 0
  if (overlay === undefined) return painted
  const laid = Math.min(area(overlay.window), overlay.maxPixels) * laidBytes
  const drawn = Math.min(area(overlay.canvas), overlay.maxPixels, maxDrawnPixels) * drawnBytes
  return painted + laid + drawn
}

/* The squares of redactions are read before all else, one after another, and what one took may not be given back yet when
   the image is decoded. They are kept, so that they count as work only where they are more than what is read for most
   requests anyway. */
function estimateSquares(description: ImageDescription, { redaction }: RenderPlan, samples: number): Cost {
  let [pixels, bytes] = [0, 0]
  for (const { level, box } of redaction?.mosaics ?? []) {
    const from = description.levels[level] ?? description.levels[0]
    const read = from.tile ? measureTiles(from.tile, box) : from
    pixels += from.tile ? area(read) : 0
    bytes = Math.max(bytes, countDecoded(description, read, from.tile) * samplesOf(description, samples))
  }
  return { pixels, bytes }
}

function estimateEncoded(pixels: number, format: Encoding['format']): number {
  const colours = format === 'gif' ? Math.min(pixels * bytesPerColour, maxColourBytes) : 0
  return pixels * encodedBytes[format] + colours
}

/* How many pixels are held while they are decoded; of tiles, as long as the next row of them is put together. */
function countDecoded(
  { format, isProgressive = false }: ImageDescription,
  read: Dimensions,
  tile?: Dimensions,
): number {
  if (isProgressive || wholeDecoded[format] !== undefined) return area(read)
  return read.width * Math.min(read.height, Math.max(heldRows, 2 * (tile?.height ?? 0)))
}

/* A tile is decoded as a whole, however little of it is wanted. */
function measureTiles(tile: Dimensions, box: Box): Dimensions {
  const { columns, rows } = spanTiles(tile, box)
  return { width: columns * tile.width, height: rows * tile.height }
}

/* The coefficients of a progressive JPEG have 16 bits each. */
function samplesOf({ format, isProgressive = false }: ImageDescription, samples: number): number {
  return wholeDecoded[format] ?? (isProgressive ? 2 * samples : samples)
}

/** What the bytes of a pixel of a stored JPEG come to, at the most that anybody stores. */
const storedBytesPerPixel = 1.5

/** A join that comes in pieces holds a row of tiles and what is made of it. */
const pieceRows = 1024

/** Estimates what it costs to cut or join stored tiles. */
export function estimateStored({ kind, box }: StoredPlan): Cost {
  const rows = kind === 'stream' ? Math.min(box.height, pieceRows) : box.height
  // What is read, and what is made of it.
  const bytes = Math.ceil(2 * box.width * rows * storedBytesPerPixel)
  return { pixels: Math.ceil((box.width * rows) / storedGain), bytes: joinBytes + bytes }
}

/** How much less a pixel costs that is not decoded. */
const storedGain = 4

/** What every join takes, whatever it joins. */
const joinBytes = 1_000_000

function area({ width, height }: Dimensions): number {
  return width * height
}
