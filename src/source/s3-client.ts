/* Clients for S3: those that the program hands in, those that are made here where keys are given, and else those of
   @aws-sdk/client-s3, which is loaded when it is first needed. Of its types no more is told than what is used. */
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { createHttpS3 } from './s3-http.js'
import type { S3Keys } from './s3-sign.js'

/** What is asked of an object. */
export interface S3Input {
  /** The bucket. */
  readonly Bucket: string
  /** The key. */
  readonly Key: string
  /** The version, in a bucket that has versions. */
  readonly VersionId?: string
  /** The bytes. */
  readonly Range?: string
  /** The entity tag that the object must have. */
  readonly IfMatch?: string
  /** The entity tag that it must not have. */
  readonly IfNoneMatch?: string
}

/** What is answered. */
export interface S3Output {
  /** The bytes. */
  readonly Body?: unknown
  /** Which bytes these are. */
  readonly ContentRange?: string | undefined
  /** How many bytes these are. */
  readonly ContentLength?: number | undefined
  /** The entity tag. */
  readonly ETag?: string | undefined
  /** The version, in a bucket that has versions. */
  readonly VersionId?: string | undefined
  /** When it last changed. */
  readonly LastModified?: Date | undefined
}

/** The client `S3` of @aws-sdk/client-s3, or anything that does as it does. */
export interface S3Client {
  /** Reads an object. */
  getObject(input: S3Input, options: { readonly abortSignal: AbortSignal }): Promise<S3Output>
  /** Closes its connections. */
  destroy?(): void
}

/** How to reach a store; a client is made of it. */
export interface S3Connection {
  /** The address of a store that is not Amazon's. @defaultValue Amazon's, of the region */
  readonly endpoint?: string
  /** The region. @defaultValue `us-east-1` where credentials are given, else what the SDK finds */
  readonly region?: string
  /**
   * The keys, a function that is asked for them before each request, or `anonymous` for public buckets. With these the
   * SDK is not needed. @defaultValue what the SDK finds: in the environment, in its files, of the machine
   */
  readonly credentials?: S3Keys | 'anonymous' | (() => Promise<S3Keys>)
  /**
   * Whether the bucket is part of the path and not of the name of the host.
   * @defaultValue whether there is an `endpoint`
   */
  readonly forcePathStyle?: boolean
}

/** Gives clients. */
export interface S3Clients {
  /** The client itself, or one that is made, once, of a connection. */
  find(client: S3Client | S3Connection): Promise<S3Client>
  /** Closes those that were made here. */
  close(): void
}

const maxClients = 100

/** Creates the table of clients. */
export function createS3Clients(): S3Clients {
  const made = new LRUCache<string, S3Client>({ max: maxClients, dispose: client => client.destroy?.() })
  const formatKey = createConnectionKeys()
  return {
    async find(client) {
      if (isClient(client)) return client
      const key = formatKey(client)
      const known = made.get(key)
      if (known) return known
      const created = await createClient(client)
      // Another request may have been quicker.
      const other = made.get(key)
      if (other) created.destroy?.()
      else made.set(key, created)
      return other ?? created
    },
    close: () => made.clear(),
  }
}

async function createClient({ credentials, ...connection }: S3Connection): Promise<S3Client> {
  if (credentials !== undefined) return createHttpS3({ ...connection, credentials })
  const { endpoint, forcePathStyle = endpoint !== undefined } = connection
  const { S3 } = await loadSdk()
  // Of parts of an object there are no checksums: to ask for them costs time and brings nothing.
  return new S3({ ...connection, forcePathStyle, responseChecksumValidation: 'WHEN_REQUIRED' })
}

/* Connections that say the same are one, also where a function makes a new record of each look-up. */
function createConnectionKeys(): (connection: S3Connection) => string {
  const numbers = new WeakMap<object, number>()
  let count = 0
  return connection => {
    const { credentials } = connection
    if (typeof credentials !== 'function')
      return createHash('sha256').update(JSON.stringify(connection)).digest('base64url')
    const number = numbers.get(credentials) ?? count
    if (number === count) count += 1
    numbers.set(credentials, number)
    return `${number} ${JSON.stringify(connection)}`
  }
}

/** Whether a value is a client. */
export function isClient(value: S3Client | S3Connection): value is S3Client {
  return 'getObject' in value && typeof value.getObject === 'function'
}

interface Sdk {
  readonly S3: new (settings: object) => S3Client
}

async function loadSdk(): Promise<Sdk> {
  try {
    const sdk: object = await import('@aws-sdk/client-s3')
    return sdk as Sdk
  } catch (cause) {
    throw new Error('s3Source needs the package @aws-sdk/client-s3: install it, or hand in a client.', {
      cause,
    })
  }
}
