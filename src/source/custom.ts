/* The source of bytes that a program reads by itself: from a database, an archive, another API. */
import { types } from 'node:util'
import type { ImageSource } from '../contracts.js'
import { SourceError } from '../errors.js'
import type { BlockCache } from './block-cache.js'
import { createBlockSource } from './block-source.js'
import { buildFailure, throwIfAborted } from './failure.js'
import { clampLength } from './range.js'

/** What is known of the bytes, and how they are read. */
export interface CustomSourceOptions {
  /** Changes whenever the bytes change: a digest, a revision, a time with the length. Without spaces. */
  readonly version: string
  /** The number of bytes. */
  readonly size: number
  /**
   * Reads bytes: exactly `length` of them, all of which are there. It is called for several ranges at the same time; with
   * `cache`, for as many as are waited for.
   *
   * @throws whatever it likes; an {@link IIIFError} keeps its status, anything else becomes a 500.
   */
  readonly read: (offset: number, length: number, signal?: AbortSignal) => Uint8Array | Promise<Uint8Array>
  /** When the bytes last changed. @defaultValue not known */
  readonly lastModified?: Date
  /** What the bytes may be, for example `tif`; the bytes decide. @defaultValue not known */
  readonly formatHint?: string
  /**
   * Keeps what was read, in blocks, and reads ahead: where each `read` is a round trip. Then `key` tells these bytes from
   * all others in the cache. @defaultValue nothing is kept
   */
  readonly cache?: BlockCache
  /** The name of the bytes in the cache, whatever their version. @defaultValue none; with `cache` it must be given */
  readonly key?: string
}

/**
 * Creates the source of bytes that a program reads by itself.
 *
 * @throws TypeError that names the option, where one is not what it must be.
 * @example
 * ```ts
 * const resolve = async identifier => {
 *   const row = await database.findImage(identifier)
 *   if (row === undefined) return undefined
 *   const read = (offset, length) => database.readBlob(row.id, offset, length)
 *   return customSource({ version: row.sha256, size: row.size, read })
 * }
 * ```
 */
export function customSource(options: CustomSourceOptions): ImageSource {
  const { version, size, lastModified, formatHint, cache, key } = checkOptions(options)
  const facts = {
    version,
    ...(lastModified !== undefined && { lastModified }),
    ...(formatHint !== undefined && { formatHint }),
  }
  const fetchRange = createFetch(options)
  if (cache)
    return createBlockSource(
      { key: JSON.stringify(['custom', key, version]), size, fetchRange },
      facts,
      cache,
    )
  return {
    ...facts,
    size,
    async read(offset, length, signal) {
      throwIfAborted(signal)
      const wanted = clampLength(offset, length, size)
      return wanted === 0 ? new Uint8Array() : fetchRange(offset, wanted, signal)
    },
  }
}

function createFetch({ read }: CustomSourceOptions) {
  return async (offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> => {
    let bytes: Uint8Array
    try {
      bytes = await read(offset, length, signal)
    } catch (error) {
      throwIfAborted(signal)
      throw buildFailure(error)
    }
    if (types.isUint8Array(bytes) && bytes.length === length) return bytes
    const found = types.isUint8Array(bytes) ? `${bytes.length} bytes` : 'something else'
    const cause = new TypeError(`read: expected a Uint8Array of ${length} bytes but received ${found}`)
    throw new SourceError(500, 'source-unreadable', 'The source cannot be read.', { cause })
  }
}

function checkOptions(options: CustomSourceOptions): CustomSourceOptions {
  const { version, size, read, lastModified, cache, key } = options
  if (typeof version !== 'string' || !/^\S+$/.test(version))
    throw new TypeError('version: expected a string without spaces that is not empty')
  if (!Number.isSafeInteger(size) || size < 0)
    throw new TypeError(`size: expected a whole number of bytes from 0 but received ${size}`)
  if (typeof read !== 'function') throw new TypeError('read: expected a function')
  if (lastModified !== undefined && !(types.isDate(lastModified) && Number.isFinite(lastModified.getTime())))
    throw new TypeError('lastModified: expected a valid Date')
  if (cache !== undefined && (typeof key !== 'string' || key === ''))
    throw new TypeError('key: expected a string that is not empty beside cache')
  return options
}
