/* Which images are made at all: where caches must not be filled by strangers who ask for one more pixel each time, only
   what info.json tells viewers to ask for, only what was signed, or either. */
import { AccessError } from '../errors.js'
import { ceilDivide, coversImage, type Dimensions, scaleSide } from '../protocol/geometry.js'
import { fitWithin, type Limits } from '../protocol/limits.js'
import type { ResolvedRequest } from '../protocol/resolved.js'
import type { Scale } from '../protocol/scale.js'
import { listSizes, listTiles, type StoredSizes, type TileSet } from '../protocol/tiles.js'
import type { SignatureState } from './signature.js'

/** Which images are made: those with a signature, those of the tiles and sizes of info.json, or both. */
export type ServeOnly = 'signed' | 'grid' | 'signedOrGrid'

/** The words of {@link ServeOnly}. */
export const serveOnlyModes: readonly ServeOnly[] = ['signed', 'grid', 'signedOrGrid']

/** What info.json tells viewers to ask for. */
export interface Grid {
  /** The size of the image as it is shown. */
  readonly image: Dimensions
  /** The tiles. */
  readonly tiles: readonly TileSet[]
  /** The sizes of the whole image. */
  readonly sizes: readonly Dimensions[]
}

/** Builds the grid of an image: just what its info.json tells, and the largest size that there is. */
export function buildGrid(image: StoredSizes, limits: Limits, tileSize?: number): Grid {
  return {
    image,
    tiles: listTiles(image, limits, tileSize),
    sizes: [...listSizes(image, limits), fitWithin(image, image, limits)],
  }
}

/**
 * Tells whether a request is one that info.json tells viewers to send: a tile, or the whole in one of its sizes, upright,
 * in the default quality, in any format. There is a bounded number of them.
 *
 * @param request - about the image as it is shown
 */
export function isOnGrid(request: ResolvedRequest, { image, tiles, sizes }: Grid): boolean {
  const { region, size, rotation, quality } = request
  if (rotation.degrees !== 0 || rotation.mirror || quality !== 'default') return false
  if (coversImage(region, image) && sizes.some(listed => isEqual(listed, size))) return true
  return tiles.some(tile => tile.scaleFactors.some(factor => isTile(request, image, tile, factor)))
}

/**
 * Tells whether an image that is shown smaller is one of a bounded number: whole, at the scale that the application has
 * granted, or at a power of two. Of each there would be a grid.
 */
export function isListedScale(scale: Scale | undefined, granted: Scale | undefined): boolean {
  if (scale === undefined) return true
  const { numerator, denominator } = scale
  if (granted?.numerator === numerator && granted.denominator === denominator) return true
  return numerator === 1 && Number.isInteger(Math.log2(denominator))
}

function isTile(
  { region, size }: ResolvedRequest,
  image: Dimensions,
  tile: Dimensions,
  factor: number,
): boolean {
  const [width, height] = [tile.width * factor, tile.height * factor]
  if (region.x % width !== 0 || region.y % height !== 0) return false
  if (region.width !== Math.min(width, image.width - region.x)) return false
  if (region.height !== Math.min(height, image.height - region.y)) return false
  // Viewers round up (3.0, implementation notes on tiles). Those that ask for a width only, as version 2 has it in its
  // canonical form, get the height that belongs to it, and the other way round.
  const across = ceilDivide(region.width, factor)
  const down = ceilDivide(region.height, factor)
  return [
    { width: across, height: down },
    { width: across, height: scaleSide(region.height, region.width, across) },
    { width: scaleSide(region.width, region.height, down), height: down },
  ].some(wanted => isEqual(wanted, size))
}

function isEqual(a: Dimensions, b: Dimensions): boolean {
  return a.width === b.width && a.height === b.height
}

/**
 * Refuses an image that is not made.
 *
 * @param onGrid - asked only where it matters
 * @throws {@link AccessError} (403)
 */
export function requireServed(mode: ServeOnly, signature: SignatureState, onGrid: () => boolean): void {
  const { kind } = signature
  if (mode !== 'grid' && kind === 'valid') return
  if (mode !== 'signed' && onGrid()) return
  // Who tried to sign is told what became of it.
  if (mode === 'signed' || (mode === 'signedOrGrid' && kind !== 'unsigned')) {
    throw new AccessError(
      403,
      'invalid-signature',
      messages[kind] ?? 'The signature of this URL is not valid.',
    )
  }
  throw new AccessError(403, 'off-grid', 'This server makes only the tiles and sizes that info.json lists.')
}

const messages: Partial<Readonly<Record<SignatureState['kind'], string>>> = {
  unsigned: 'This server makes only images whose URL is signed.',
  expired: 'The signature of this URL has expired.',
}
