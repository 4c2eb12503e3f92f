/* The few requests of S3 that the cache makes, each given up when it takes too long: a request that nobody waits for
   would keep its connection, and a bucket that hangs all of them. */
import { addAbortSignal, Readable } from 'node:stream'
import type {
  DeleteObjectsCommandOutput,
  GetObjectCommandOutput,
  ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3'

/** A client of `@aws-sdk/client-s3`, as far as the cache needs it. */
export interface S3ClientLike {
  /** Sends a request. */
  send(command: object, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>
}

/** The bucket of a cache, and how long its answers are waited for. */
export interface BucketOptions {
  /** The client. */
  readonly client: S3ClientLike
  /** The name of the bucket. */
  readonly bucket: string
  /** The longest wait for an object, in milliseconds. */
  readonly timeoutMs: number
  /** The longest wait for everything else, in milliseconds. */
  readonly setTimeoutMs: number
}

/** An object in a listing. */
export interface ListedObject {
  /** Its key. */
  readonly key: string
  /** Its length. */
  readonly bytes: number
  /** When it was stored, in milliseconds of Unix time. */
  readonly storedAt: number
}

/** The objects of a bucket. */
export interface Bucket {
  /** The bytes of an object, no more than `maxBytes`; `undefined` where there is none, or a longer one. */
  get(key: string, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array | undefined>
  /** Stores an object. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Lists the objects whose keys begin with `prefix`, up to a thousand at a time. */
  list(prefix: string): AsyncIterable<readonly ListedObject[]>
  /** Deletes objects, up to a thousand. */
  delete(keys: readonly string[]): Promise<void>
}

/** Opens a bucket. Nothing is sent, and the package is not loaded, before the first request. */
export function openBucket({ client, bucket: Bucket, timeoutMs, setTimeoutMs }: BucketOptions): Bucket {
  const write = <T>(work: (sdk: Sdk, abortSignal: AbortSignal) => Promise<T>) =>
    within(setTimeoutMs, undefined, async abortSignal => work(await loadSdk(), abortSignal))
  return {
    get: (Key, maxBytes, signal) =>
      within(timeoutMs, signal, async abortSignal => {
        const { GetObjectCommand } = await loadSdk()
        try {
          const object = await client.send(new GetObjectCommand({ Bucket, Key }), { abortSignal })
          return await readBody(object as GetObjectCommandOutput, maxBytes, abortSignal)
        } catch (error) {
          if (isMissing(error)) return undefined
          throw error
        }
      }),
    put: (Key, Body) =>
      write(async ({ PutObjectCommand }, abortSignal) => {
        const facts = { ContentType: 'application/octet-stream', ContentLength: Body.byteLength }
        await client.send(new PutObjectCommand({ Bucket, Key, Body, ...facts }), { abortSignal })
      }),
    async *list(Prefix) {
      for (let ContinuationToken: string | undefined; ; ) {
        const from = ContinuationToken === undefined ? {} : { ContinuationToken }
        const page = await write(({ ListObjectsV2Command }, abortSignal) =>
          client.send(new ListObjectsV2Command({ Bucket, Prefix, ...from }), { abortSignal }),
        )
        const { Contents = [], IsTruncated, NextContinuationToken } = page as ListObjectsV2CommandOutput
        yield Contents.map(({ Key = '', Size = 0, LastModified }) => ({
          key: Key,
          bytes: Size,
          storedAt: Number(LastModified),
        }))
        ContinuationToken = NextContinuationToken
        if (!IsTruncated) return
      }
    },
    async delete(keys) {
      if (keys.length === 0) return
      const Objects = keys.map(Key => ({ Key }))
      const result = await write(({ DeleteObjectsCommand }, abortSignal) =>
        client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }), { abortSignal }),
      )
      const { Errors: failures = [] } = result as DeleteObjectsCommandOutput
      if (failures.length > 0)
        throw new Error(`${failures.length} objects could not be deleted`, { cause: failures[0] })
    },
  }
}

type Sdk = typeof import('@aws-sdk/client-s3')

function loadSdk(): Promise<Sdk> {
  return import('@aws-sdk/client-s3').catch((cause: unknown) => {
    throw new Error('A cache in S3 needs the package @aws-sdk/client-s3: npm install @aws-sdk/client-s3', {
      cause,
    })
  })
}

async function within<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  try {
    return await work(signal ? AbortSignal.any([signal, controller.signal]) : controller.signal)
  } finally {
    clearTimeout(timer)
  }
}

async function readBody(
  { Body, ContentLength = 0 }: GetObjectCommandOutput,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (!(Body instanceof Readable)) throw new Error('the object came without a body')
  addAbortSignal(signal, Body)
  const chunks: Uint8Array[] = []
  let bytes = 0
  if (ContentLength > maxBytes) {
    Body.destroy()
    return undefined
  }
  // Leaving the loop ends the connection.
  for await (const chunk of Body) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'NotFound')
}
