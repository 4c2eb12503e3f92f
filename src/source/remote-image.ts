/* An image that is elsewhere, made a source that is read in the way that costs least: parts of a TIFF and small files by
   range, what is decoded as a whole from a file that is fetched first. */
import { createHash } from 'node:crypto'
import type { ImageSource } from '../contracts.js'
import type { BlockCache, RemoteBytes } from './block-cache.js'
import { createBlockSource, type SourceFacts } from './block-source.js'
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

/** One version of an image that is elsewhere. */
export interface RemoteImageBytes extends Omit<RemoteBytes, 'size'> {
  /** How it is read. */
  readonly way: RemoteWay
  /** How many bytes it has, where that is known; read by range, it is. */
  readonly size?: number
  /** Fetches all of it. */
  readonly save: SaveFile
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
  { way, save, size, ...bytes }: RemoteImageBytes,
  facts: SourceFacts,
): ImageSource {
  if (way === 'ranges') return createBlockSource({ ...bytes, size: size ?? 0 }, facts, cache)
  const name = nameFile(bytes.key)
  return createSpooledSource({ spool, name, save, ...(size !== undefined && { size }) }, facts)
}

/** The name in the spool of what a cache of blocks knows by `key`. */
export function nameFile(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 40)
}
