/* Which requests can be answered with stored tiles: as they are, or cut and joined without decoding them. */
import type { ImageDescription, PyramidLevel, StoredCoding } from '../contracts.js'
import type { Box, Dimensions } from '../protocol/geometry.js'
import type { ResolvedRequest } from '../protocol/resolved.js'
import { planPart } from './part.js'
import type { Redactions } from './redaction.js'
import { isRedacted } from './redaction-plan.js'

/** The part of a level whose stored bytes are the answer. */
export interface StoredPlan {
  /** Whether the part is one tile as it is stored, or must be cut and joined, or fetched: at once, or in pieces where it is large. */
  readonly kind: 'tile' | 'join' | 'stream'
  /** The index of the level. */
  readonly level: number
  /** The part, in the pixels of the level. */
  readonly box: Box
}

/** Joins of more pixels than this come in pieces, so that memory does not grow with them. */
export const maxWholePixels = 8_000_000

/** B.2.2 of T.81 tells sizes in 16 bits. */
const maxJpegSide = 0xffff

/**
 * Plans an answer from stored bytes; `undefined` where pixels must be changed.
 *
 * @param formats - the formats whose stored bytes may be sent
 * @param redactions - what must not be seen: of stored bytes that hold anything of it, none are sent
 */
export function planStored(
  description: ImageDescription,
  request: ResolvedRequest,
  formats: readonly StoredCoding['format'][],
  redactions?: Redactions,
): StoredPlan | undefined {
  const { format, rotation, quality } = request
  const isPlain = rotation.degrees === 0 && !rotation.mirror && quality === 'default'
  if (!isPlain || description.orientation !== 1 || !formats.some(name => name === format)) return undefined
  const part = planPart(description, request)
  if (part.resize !== undefined || part.extend !== undefined) return undefined
  const level = description.levels[part.level]
  const kind = level?.coding?.format === format ? chooseKind(level, part.box) : undefined
  if (kind && redactions && !mayBeSent(description, redactions, part.level, part.box)) return undefined
  return kind && { kind, level: part.level, box: part.box }
}

/* Beside redactions, only whole blocks are sent. Of one that ends beyond the image, nobody knows what is in the part that
   is not seen: writers leave there what they wrote before. */
function mayBeSent(description: ImageDescription, redactions: Redactions, index: number, box: Box): boolean {
  const { tile, coding } = description.levels[index] ?? {}
  const block = coding?.grid ?? tile
  const ends = { x: box.x + box.width, y: box.y + box.height, width: 1, height: 1 }
  const isWhole = block !== undefined && isOnGrid(ends, block)
  return isWhole && !isRedacted(description, redactions, index, box)
}

function chooseKind(level: PyramidLevel, box: Box): StoredPlan['kind'] | undefined {
  const { tile, coding } = level
  if (tile === undefined) return undefined
  // A tile of another service is kept as what was joined is: it has come a long way.
  if (coding?.isRemote) return isOnGrid(box, tile) && isCutTile(box, tile, level) ? 'join' : undefined
  if (isOnGrid(box, tile) && box.width === tile.width && box.height === tile.height) return 'tile'
  const { grid } = coding ?? {}
  if (grid === undefined || !isOnGrid(box, grid)) return undefined
  if (Math.max(box.width, box.height) > maxJpegSide) return undefined
  return box.width * box.height > maxWholePixels ? 'stream' : 'join'
}

function isCutTile(box: Box, tile: Dimensions, level: Dimensions): boolean {
  return (
    box.width === Math.min(tile.width, level.width - box.x) &&
    box.height === Math.min(tile.height, level.height - box.y)
  )
}

function isOnGrid(box: Box, grid: Dimensions): boolean {
  return box.x % grid.width === 0 && box.y % grid.height === 0
}
