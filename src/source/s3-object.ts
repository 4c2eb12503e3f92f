/* One object in a store that speaks S3: looked up, read by range and as a whole, always of one version. */
import { Readable } from 'node:stream'
import { isIIIFError, NotFoundError, SourceError } from '../errors.js'
import { withDeadline, withRetries } from './deadline.js'
import { buildChanged } from './failure.js'
import { readBody } from './http-exchange.js'
import { buildHttpFailure, buildTimeout, buildUnavailable } from './http-failure.js'
import { formatVersion, isOther, parseContentRange, type Validators } from './http-version.js'
import type { RemoteBytes } from './remote-bytes.js'
import { headBytes } from './remote-image.js'
import type { S3Client, S3Input, S3Output } from './s3-client.js'
import type { SaveFile } from './spool.js'

/** Where an object is. */
export interface S3Place {
  /** Asks for it. */
  readonly client: S3Client
  /** The bucket, the key and, where one is wanted, the version. */
  readonly input: S3Input
}

/** An object that was looked up. */
export interface S3Facts extends S3Place {
  /** What the store said of the version. */
  readonly validators: Validators & { readonly size: number }
  /** Changes with the bytes. */
  readonly version: string
  /** What holds later requests to this version. */
  readonly pin: Pick<S3Input, 'VersionId' | 'IfMatch'>
  /** The entity tag. */
  readonly etag?: string
  /** When it last changed. */
  readonly lastModified?: Date
}

/** What a store answered. */
export type S3Probe =
  | { readonly kind: 'missing' }
  | { readonly kind: 'same' }
  | { readonly kind: 'found'; readonly facts: S3Facts; readonly head: Uint8Array }

/** The time limits, in milliseconds. */
export interface S3Limits {
  /** For one range. */
  readonly totalMs: number
  /** For a whole object. */
  readonly wholeMs: number
}

const maxAttempts = 3

/** Asks, and reads the answer; what breaks off is asked for again. */
async function ask<T>(
  { client, input }: S3Place,
  ms: number,
  read: (output: S3Output) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return withDeadline(
    ms,
    signal,
    given =>
      withRetries(maxAttempts, given, async () => {
        const output = await client.getObject(input, { abortSignal: given }).catch((error: unknown) => {
          throw given.aborted ? error : toStoreFailure(error)
        })
        try {
          return await read(output)
        } catch (error) {
          destroyBody(output)
          throw error
        }
      }),
    buildHttpFailure,
  )
}

/**
 * Looks an object up, and brings its first bytes.
 *
 * @param known - what is known of it
 */
export async function probeObject(
  place: S3Place,
  known: S3Facts | undefined,
  { totalMs }: S3Limits,
  signal?: AbortSignal,
): Promise<S3Probe> {
  const condition = known?.etag === undefined ? {} : { IfNoneMatch: known.etag }
  const input = { ...place.input, ...condition, Range: `bytes=0-${headBytes - 1}` }
  try {
    return await ask({ ...place, input }, totalMs, output => readProbe(output, place), signal)
  } catch (error) {
    const status = findStatus(error)
    if (status === 304 && known) return { kind: 'same' }
    if (error instanceof NotFoundError) return { kind: 'missing' }
    // Of nothing there is no first byte.
    if (status === 416) return ask(place, totalMs, output => readProbe(output, place), signal)
    throw error
  }
}

async function readProbe(output: S3Output, place: S3Place): Promise<S3Probe> {
  const { ContentRange, ContentLength, LastModified, ETag } = output
  const range = parseContentRange(ContentRange)
  // Of nothing there is no range; stores answer with 416, with no range, or with one that cannot be.
  const isEmpty = ContentRange?.endsWith('/0') ?? ContentLength === 0
  const size = isEmpty ? 0 : range?.total
  const end = range?.end ?? 0
  if (size === undefined || (range && (range.start !== 0 || end !== Math.min(headBytes, size))))
    throw buildUnavailable(new Error('the store sent another range than it was asked for'))
  const validators = { ...readValidators(output), size }
  const version = formatVersion(validators)
  if (version === undefined) throw buildUnavailable(new Error('the store tells no version'))
  const facts: S3Facts = {
    ...place,
    validators,
    version,
    pin: buildPin(output),
    ...(ETag !== undefined && { etag: ETag }),
    ...(LastModified && { lastModified: LastModified }),
  }
  if (size === 0) destroyBody(output)
  return { kind: 'found', facts, head: size === 0 ? new Uint8Array() : await readBytes(output, end) }
}

function isVersioned(id: string | undefined): id is string {
  return id !== undefined && id !== 'null'
}

function buildPin({ VersionId, ETag }: S3Output): S3Facts['pin'] {
  if (isVersioned(VersionId)) return { VersionId }
  return ETag === undefined ? {} : { IfMatch: ETag }
}

/* An object of a version never changes; without versions the entity tag changes with it. */
function readValidators({ VersionId, ETag, LastModified }: S3Output): Validators {
  const etag = isVersioned(VersionId) ? `"${VersionId}"` : ETag
  return {
    ...(etag !== undefined && { etag }),
    ...(LastModified && { lastModified: LastModified.toISOString() }),
  }
}

/** Creates the function that fetches ranges of an object. */
export function createObjectFetch(
  { client, input, pin, validators }: S3Facts,
  { totalMs }: S3Limits,
): RemoteBytes['fetchRange'] {
  return (offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> => {
    const Range = `bytes=${offset}-${offset + length - 1}`
    const read = (output: S3Output): Promise<Uint8Array> => {
      const range = parseContentRange(output.ContentRange)
      const size = range?.total === undefined ? {} : { size: range.total }
      // Not every store heeds the condition.
      if (isOther(validators, { ...readValidators(output), ...size })) throw buildChanged()
      if (range?.start !== offset || range.end !== offset + length)
        throw buildUnavailable(new Error('the store sent another range than it was asked for'))
      return readBytes(output, length)
    }
    return ask({ client, input: { ...input, ...pin, Range } }, totalMs, read, signal).catch(toChange)
  }
}

/** Creates the function that fetches all of an object. */
export function createObjectSave(
  { client, input, pin, validators }: S3Facts,
  { wholeMs }: S3Limits,
): SaveFile {
  return (writer, signal) => {
    const read = async (output: S3Output): Promise<void> => {
      const { ContentLength: size } = output
      const found = { ...readValidators(output), ...(size !== undefined && { size }) }
      if (isOther(validators, found)) throw buildChanged()
      await writer.restart(validators.size)
      let length = 0
      for await (const chunk of bodyOf(output)) {
        await writer.write(chunk)
        length += chunk.length
      }
      if (length !== validators.size) throw new Error('the body is not as long as was announced')
    }
    return ask({ client, input: { ...input, ...pin } }, wholeMs, read, signal).catch(toChange)
  }
}

/* What is not there any more, not of this tag, or shorter, has changed. */
function toChange(error: unknown): never {
  const status = findStatus(error)
  if (status === 404 || status === 412 || status === 416) throw buildChanged(error)
  throw error
}

async function readBytes(output: S3Output, length: number): Promise<Uint8Array> {
  const { Body } = output
  if (Body instanceof Readable) return readBody(Body, length)
  const chunks: Uint8Array[] = []
  let filled = 0
  for await (const chunk of bodyOf(output)) {
    filled += chunk.length
    if (filled > length) break
    chunks.push(chunk)
  }
  if (filled !== length) throw new Error('the body is not as long as was announced')
  return Buffer.concat(chunks)
}

function bodyOf({ Body }: S3Output): AsyncIterable<Uint8Array> {
  if (typeof Body === 'object' && Body !== null && Symbol.asyncIterator in Body)
    return Body as AsyncIterable<Uint8Array>
  throw buildUnavailable(new Error('the store sent no body'))
}

function destroyBody({ Body }: S3Output): void {
  if (typeof Body !== 'object' || Body === null || !('destroy' in Body)) return
  if ('on' in Body && typeof Body.on === 'function') Body.on('error', () => {})
  if (typeof Body.destroy === 'function') Body.destroy()
}

/* The status of the answer that an error of the SDK, or one made of it, is about. */
function findStatus(error: unknown): unknown {
  const inner = isIIIFError(error) ? error.cause : error
  if (typeof inner !== 'object' || inner === null || !('$metadata' in inner)) return undefined
  const { $metadata: metadata } = inner
  return typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
    ? metadata.httpStatusCode
    : undefined
}

/* What is final becomes an error for the client; what is worth another try stays as it is, unless the SDK made the tries
   that it is worth. */
function toStoreFailure(cause: unknown): unknown {
  const status = findStatus(cause)
  const name = cause instanceof Error ? cause.name : ''
  if (status === 404 && name !== 'NoSuchBucket')
    return new NotFoundError('not-found', 'There is no image with this identifier.', { cause })
  if (status === 401 || status === 403)
    return new SourceError(403, 'source-forbidden', 'This server may not read the source.', { cause })
  if (name === 'TimeoutError') return buildTimeout(cause)
  const isPassing = status === undefined || status === 429 || (typeof status === 'number' && status >= 500)
  return isPassing && !wasRetried(cause) ? cause : buildUnavailable(cause)
}

function wasRetried(error: unknown): boolean {
  const metadata =
    typeof error === 'object' && error !== null && '$metadata' in error ? error.$metadata : undefined
  return typeof metadata === 'object' && metadata !== null && 'attempts' in metadata
}
