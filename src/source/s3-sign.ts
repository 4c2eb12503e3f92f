/* Signs requests for S3: AWS Signature Version 4, in headers, for requests without a body. */
import { createHash, createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'

/** The keys that requests are signed with. */
export interface S3Keys {
  /** The name of the key. */
  readonly accessKeyId: string
  /** The key. */
  readonly secretAccessKey: string
  /** The token of keys that are good for a time. */
  readonly sessionToken?: string
}

/** What is signed. */
export interface Unsigned {
  /** Where; its path is encoded as {@link encodeKey} does it. */
  readonly url: URL
  /** The headers that the signature covers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** Signs a request that is made at a time; gives all its headers. */
export type Sign = (request: Unsigned, keys: S3Keys, now: Date) => Record<string, string>

const emptyDigest = createHash('sha256').update('').digest('hex')

/** Creates the function that signs for a region; it remembers the key of the day. */
export function createSigner(region: string): Sign {
  let remembered: { readonly name: string; readonly key: Buffer } | undefined
  const deriveKey = ({ secretAccessKey }: S3Keys, day: string): Buffer => {
    const name = `${day} ${secretAccessKey}`
    if (remembered?.name !== name) {
      const key = [day, region, 's3', 'aws4_request'].reduce<Buffer>(
        hmac,
        Buffer.from(`AWS4${secretAccessKey}`),
      )
      remembered = { name, key }
    }
    return remembered.key
  }
  return ({ url, headers }, keys, now) => {
    const time = now.toISOString().replace(/[:-]|\.\d+/g, '')
    const day = time.slice(0, 8)
    const all: Record<string, string> = {
      ...headers,
      'x-amz-content-sha256': emptyDigest,
      'x-amz-date': time,
      ...(keys.sessionToken !== undefined && { 'x-amz-security-token': keys.sessionToken }),
    }
    const scope = `${day}/${region}/s3/aws4_request`
    const { names, request } = formatCanonical(url, { ...all, host: url.host })
    const text = ['AWS4-HMAC-SHA256', time, scope, digest(request)].join('\n')
    const signature = hmac(deriveKey(keys, day), text).toString('hex')
    const credential = `Credential=${keys.accessKeyId}/${scope}`
    all.authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`
    return all
  }
}

/* The canonical request: everything that is signed, in one order and spelling. */
function formatCanonical(url: URL, headers: Record<string, string>): { names: string; request: string } {
  const sorted = Object.keys(headers).sort()
  const lines = sorted.map(name => `${name}:${headers[name]?.trim().replace(/ +/g, ' ')}\n`).join('')
  const query = [...url.searchParams].map(pair => pair.map(encodePart).join('=')).sort()
  const names = sorted.join(';')
  return { names, request: ['GET', url.pathname, query.join('&'), lines, names, emptyDigest].join('\n') }
}

/* Stores take a signature for a quarter of an hour; their clocks may differ from ours for most of that. */
const signatureMs = 60_000
const maxSignatures = 1000

/**
 * Creates the function that gives the headers of a request with none of its own, and remembers them for a minute: to sign
 * costs as much as to send the request.
 */
export function rememberSignatures(sign: Sign): (url: URL, keys: S3Keys) => Readonly<Record<string, string>> {
  const signatures = new LRUCache<string, { madeAt: number; headers: Record<string, string> }>({
    max: maxSignatures,
  })
  return (url, keys) => {
    const now = Date.now()
    const name = JSON.stringify([url.href, keys.accessKeyId, keys.secretAccessKey, keys.sessionToken])
    const known = signatures.get(name)
    if (known && now >= known.madeAt && now - known.madeAt < signatureMs) return known.headers
    const headers = sign({ url, headers: {} }, keys, new Date(now))
    signatures.set(name, { madeAt: now, headers })
    return headers
  }
}

/** Encodes a key for a path: everything but unreserved characters and slashes. */
export function encodeKey(key: string): string {
  return key.split('/').map(encodePart).join('/')
}

function encodePart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
