/* An image that is elsewhere, made a source that is read in the way that costs least: parts of a TIFF and small files by
   range, what is decoded as a whole from a file that is fetched first. */
import { createHash } from 'node:crypto'
import type { ImageSource } from '../contracts.js'
import { isIIIFError } from '../errors.js'
import type { BlockCache } from './block-cache.js'
import { createBlockSource, type SourceFacts } from './block-source.js'
import type { RemoteBytes } from './remote-bytes.js'
import type { SaveFile, Spool } from './spool.js'
import { createSpooledSource } from './spooled-source.js'

/** What keeps the bytes of images that are elsewhere. */
export interface RemoteDepot {
  /** Keeps what was fetched by range. */
  readonly cache: BlockCache
  /** Keeps whole files. */
  readonly spool: Spool
}

/** How an image is read: by range, or from a file in the spool. */
export type RemoteWay = 'ranges' | 'file'

/** One version of an image that is elsewhere; what is fetched of it lies in memory that nobody else holds. */
export interface RemoteImageBytes extends Omit<RemoteBytes, 'size' | 'isOwn'> {
  /** How it is read. */
  readonly way: RemoteWay
  /** How many bytes it has, where that is known; read by range, it is. */
  readonly size?: number
  /** Fetches all of it. */
  readonly save: SaveFile
  /** Hears that it is no longer of this version. */
  onChange(): void
}

/** How many bytes from the start are fetched at first: as much as a reader of TIFF wants at once. */
export const headBytes: number = 16 * 1024

/* Up to here, a file that has to be decoded as a whole is fetched into memory and not into a file. */
const smallBytes = 2 ** 20

/** Chooses how an image is read, by its first bytes. */
export function chooseWay(head: Uint8Array, size: number): RemoteWay {
  // Classic TIFF is version 42, BigTIFF version 43.
  const start = String.fromCharCode(...head.subarray(0, 4))
  return ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(start) || size <= smallBytes ? 'ranges' : 'file'
}

/** Creates the source of an image. */
export function createRemoteImage(
  { cache, spool }: RemoteDepot,
  { way, save, size, onChange, ...bytes }: RemoteImageBytes,
  facts: SourceFacts,
): ImageSource {
  const watch = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      if (isIIIFError(error) && error.code === 'source-changed') onChange()
      throw error
    }
  }
  if (way === 'ranges') {
    const fetchRange: RemoteBytes['fetchRange'] = (...range) => watch(bytes.fetchRange(...range))
    return createBlockSource({ key: bytes.key, size: size ?? 0, fetchRange, isOwn: true }, facts, cache)
  }
  const name = nameFile(bytes.key)
  const saveWatched: SaveFile = (...target) => watch(save(...target))
  return createSpooledSource({ spool, name, save: saveWatched, ...(size !== undefined && { size }) }, facts)
}

/** The name in the spool of what a cache of blocks knows by `key`. */
export function nameFile(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 40)
}
