/* Reads objects over HTTP without the SDK, at a third of its cost, where keys are given: what a tile server asks of S3 is
   one signed GET. */
import { lookup } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import { BadRequestError } from '../errors.js'
import { createAgents } from './http-agents.js'
import { type ExchangeSettings, exchange } from './http-exchange.js'
import { resolveTimeouts } from './http-timeouts.js'
import type { S3Client, S3Connection, S3Input, S3Output } from './s3-client.js'
import { createSigner, encodeKey, rememberSignatures } from './s3-sign.js'

/** A store that is reached with keys that are given. */
export interface S3Store extends Omit<S3Connection, 'credentials'> {
  /** The keys, a function that gives them before each request, or `anonymous`. */
  readonly credentials: NonNullable<S3Connection['credentials']>
}

const maxSockets = 16
const maxErrorBytes = 64 * 1024

/** Creates a client for a store. @throws TypeError that names the option, where one is not what it must be. */
export function createHttpS3({
  endpoint,
  region = 'us-east-1',
  credentials,
  forcePathStyle,
}: S3Store): S3Client {
  const base = parseEndpoint(endpoint ?? `https://s3.${region}.amazonaws.com`)
  const isPathStyle = forcePathStyle ?? endpoint !== undefined
  const agents = createAgents(maxSockets)
  // The endpoint is the operator's own choice, wherever it is; nothing leads from it to another host.
  const settings: ExchangeSettings = { agents, lookup, timeouts: resolveTimeouts() }
  const sign = rememberSignatures(createSigner(region))
  return {
    async getObject(input, { abortSignal }) {
      const url = buildUrl(base, input, isPathStyle)
      const keys = typeof credentials === 'function' ? await credentials() : credentials
      const signed = keys === 'anonymous' ? {} : sign(url, keys)
      // Range and conditions need not be signed, so that one signature is good for all reads of an object.
      const headers = { ...signed, ...buildHeaders(input) }
      const answer = await exchange({ url, method: 'GET', headers }, settings, abortSignal)
      const { statusCode } = answer
      if (statusCode !== 200 && statusCode !== 206) throw await readError(answer)
      return readOutput(answer)
    },
    destroy: agents.close,
  }
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '')
    return url
  throw new TypeError('client.endpoint: expected a URL such as "https://s3.example.org"')
}

function buildUrl(base: URL, { Bucket, Key, VersionId }: S3Input, isPathStyle: boolean): URL {
  const folder = base.pathname.replace(/\/$/, '')
  const path = `${folder}/${isPathStyle ? `${Bucket}/` : ''}${encodeKey(Key)}`
  const origin = isPathStyle ? base.origin : `${base.protocol}//${Bucket}.${base.host}`
  const url = new URL(`${origin}${path}`)
  // "." and ".." are resolved away in a URL, and would lead to another object.
  if (url.pathname !== path)
    throw new BadRequestError(
      'invalid-identifier',
      'The identifier leads to a key with a "." or ".." segment.',
    )
  if (VersionId !== undefined) url.search = `versionId=${encodeURIComponent(VersionId)}`
  return url
}

function buildHeaders({ Range, IfMatch, IfNoneMatch }: S3Input): Record<string, string> {
  return {
    ...(Range !== undefined && { range: Range }),
    ...(IfMatch !== undefined && { 'if-match': IfMatch }),
    ...(IfNoneMatch !== undefined && { 'if-none-match': IfNoneMatch }),
  }
}

function readOutput(answer: IncomingMessage): S3Output {
  const { headers } = answer
  const lastModified = Date.parse(headers['last-modified'] ?? '')
  const length = headers['content-length']
  const version = headers['x-amz-version-id']
  return {
    Body: answer,
    ContentRange: headers['content-range'],
    ...(length !== undefined && { ContentLength: Number(length) }),
    ETag: headers.etag,
    ...(typeof version === 'string' && { VersionId: version }),
    ...(Number.isFinite(lastModified) && { LastModified: new Date(lastModified) }),
  }
}

/* As the SDK has it: the name is the code that the store gives. */
async function readError(answer: IncomingMessage): Promise<Error> {
  const { statusCode = 0 } = answer
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer) {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxErrorBytes) break
    }
  } catch {
    // The status says enough.
  }
  const [, name = 'Unknown'] = /<Code>(\w{1,100})<\/Code>/.exec(Buffer.concat(chunks).toString()) ?? []
  const error = new Error(`the store answered with ${statusCode} ${name}`)
  return Object.assign(error, { name, $metadata: { httpStatusCode: statusCode } })
}
