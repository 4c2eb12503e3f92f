/* Images that another image service has, of any compliance level and of version 2 or 3 of the Image API. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import type { ImageSource, OpenResolver, RemoteImage, ResolveContext } from '../contracts.js'
import { SourceError } from '../errors.js'
import { throwIfAborted } from './failure.js'
import { createHttpClient, type HttpClient, type HttpClientOptions, type HttpTarget } from './http-client.js'
import { buildStatusFailure, buildUnavailable } from './http-failure.js'
import { isEncoded } from './http-range.js'
import { resolveTargets, type TargetOptions } from './http-target.js'
import { formatTilePath, parseRemoteInfo, type RemoteInfo } from './iiif-info.js'
import { createLookUps, type LookedUp } from './look-up.js'
import { createWorkTable } from './shared-work.js'

/** What {@link iiifSource} is made with; `url` is the address of an image there, without `/info.json`. */
export interface IiifSourceOptions extends TargetOptions, HttpClientOptions {
  /**
   * The origins that may be asked, also where redirects lead to. The origin of a template is always among them.
   * @defaultValue the origin of the template; with a function it must be given
   */
  readonly allow?: readonly string[]
  /** The format that tiles are asked for in; every service makes `jpg`. @defaultValue `jpg` */
  readonly format?: 'jpg' | 'png' | 'webp'
  /** The most bytes of tiles that are kept. @defaultValue 64 MiB of memory */
  readonly maxTileBytes?: number
  /**
   * For how long what the other service said of an image is believed, in seconds. Its info.json, and the validators that
   * come with it, are all that tells of a change of the image. @defaultValue 60
   */
  readonly revalidateSeconds?: number
}

interface KnownInfo extends LookedUp {
  readonly info: RemoteInfo
  /** The address of the image: that of its info.json, after redirects, without the last segment. */
  readonly base: HttpTarget
  readonly version: string
  readonly lastModified?: Date
}

interface Service {
  readonly client: HttpClient
  readonly format: RemoteImage['format']
  fetchTile(target: HttpTarget, key: string, signal?: AbortSignal): Promise<Uint8Array>
}

const maxInfoBytes = 2 ** 20
const maxTileFileBytes = 32 * 2 ** 20

/**
 * Creates a resolver for images of another image service: its tiles are put together, so that everything that this
 * service offers is offered on top of it, also where the other one holds nothing but files. A request for just one of
 * its tiles is answered with that tile as it comes.
 *
 * @throws TypeError that names the option, where one is not what it must be.
 * @example
 * ```ts
 * const elsewhere = iiifSource({ url: 'https://images.example.org/iiif/2/{identifier}' })
 * const service = createImageService({ source: elsewhere })
 * ```
 */
export function iiifSource(options: IiifSourceOptions): OpenResolver {
  const { revalidateSeconds = 60 } = options
  const lookUps = createLookUps<KnownInfo>(revalidateSeconds)
  const targets = resolveTargets(options)
  const allow = [...(options.allow ?? []), ...(targets.origin === undefined ? [] : [targets.origin])]
  const client = createHttpClient(options, allow)
  const service = createService(client, options)
  const resolve = async (identifier: string, context: ResolveContext): Promise<ImageSource | undefined> => {
    throwIfAborted(context.signal)
    const target = await targets.find(identifier, context)
    if (target === undefined) return undefined
    const key = formatKey(target)
    const known = await lookUps.find(key, (_, signal) => fetchInfo(client, target, signal), context.signal)
    return known && createSource(service, key, known)
  }
  return Object.assign(resolve, {
    async close() {
      await lookUps.stop()
      client.close()
    },
  })
}

function createService(client: HttpClient, options: IiifSourceOptions): Service {
  const { format = 'jpg', maxTileBytes = 64 * 2 ** 20 } = options
  if (!['jpg', 'png', 'webp'].includes(format)) throw new TypeError('format: expected jpg, png or webp')
  if (!Number.isSafeInteger(maxTileBytes) || maxTileBytes <= 0)
    throw new TypeError(`maxTileBytes: expected a whole number of bytes above 0 but received ${maxTileBytes}`)
  const tiles = new LRUCache<string, Uint8Array>({
    maxSize: maxTileBytes,
    sizeCalculation: tile => tile.length || 1,
  })
  const work = createWorkTable<Uint8Array>()
  return {
    client,
    format,
    async fetchTile(target, key, signal) {
      const known = tiles.get(key)
      if (known) return known
      const begin = async (given: AbortSignal): Promise<Uint8Array> => {
        const tile = await client.ask(target, {}, readTile, given)
        tiles.set(key, tile)
        return tile
      }
      return work.run(key, begin, signal)
    },
  }
}

function formatKey({ url, headers }: HttpTarget): string {
  return `${url.href}\n${createHash('sha256').update(JSON.stringify(headers)).digest('base64url')}`
}

/* A query of the address stays where it belongs, at the end. */
function extend({ url, headers }: HttpTarget, path: string): HttpTarget {
  const extended = new URL(url)
  extended.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`
  return { url: extended, headers }
}

async function fetchInfo(
  client: HttpClient,
  target: HttpTarget,
  signal: AbortSignal,
): Promise<KnownInfo | undefined> {
  const ask = { headers: { accept: 'application/ld+json, application/json' } }
  const read = (answer: IncomingMessage, url: URL): Promise<KnownInfo | undefined> =>
    readInfo(answer, url, target)
  return client.ask(extend(target, 'info.json'), ask, read, signal)
}

async function readInfo(
  answer: IncomingMessage,
  url: URL,
  target: HttpTarget,
): Promise<KnownInfo | undefined> {
  const { statusCode, headers } = answer
  if (statusCode === 404 || statusCode === 410) {
    answer.resume()
    return undefined
  }
  const text = Buffer.from(await readAll(answer, maxInfoBytes)).toString()
  const modified = Date.parse(headers['last-modified'] ?? '')
  const marks = [text, headers.etag, headers['last-modified']]
  return {
    info: parseRemoteInfo(text),
    base: findBase(url, target),
    version: createHash('sha256').update(JSON.stringify(marks)).digest('base64url').slice(0, 27),
    checkedAt: Date.now(),
    ...(Number.isFinite(modified) && { lastModified: new Date(modified) }),
  }
}

function findBase(url: URL, target: HttpTarget): HttpTarget {
  if (url.href === extend(target, 'info.json').url.href || !url.pathname.endsWith('/info.json')) return target
  const base = new URL(url)
  base.pathname = url.pathname.slice(0, -'/info.json'.length)
  return { url: base, headers: url.origin === target.url.origin ? target.headers : {} }
}

async function readTile(answer: IncomingMessage): Promise<Uint8Array> {
  const type = answer.headers['content-type'] ?? 'image/'
  const isImage = /^\s*(?:image\/|application\/octet-stream)/i.test(type)
  if (answer.statusCode === 200 && isImage) return readAll(answer, maxTileFileBytes)
  answer.on('error', () => {})
  answer.destroy()
  if (answer.statusCode === 200) throw buildUnavailable(new Error('the other service sent no image'))
  throw buildStatusFailure(answer)
}

/* A body of unknown length, up to what is allowed. */
async function readAll(answer: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const isGood = answer.statusCode === 200 && !isEncoded(answer)
  if (!isGood) {
    answer.on('error', () => {})
    answer.destroy()
    throw buildStatusFailure(answer)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer) {
    size += chunk.length
    if (size > maxBytes)
      throw buildUnavailable(new Error(`the other service sent more than ${maxBytes} bytes`))
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function createSource(
  service: Service,
  key: string,
  { info, base, version, lastModified }: KnownInfo,
): ImageSource {
  const { width, height, levels } = info
  const remote: RemoteImage = {
    width,
    height,
    levels,
    format: service.format,
    async fetchTile(index, column, row, signal) {
      throwIfAborted(signal)
      const level = levels[index]
      if (level === undefined) throw new RangeError(`level: there is no ${index}`)
      const path = formatTilePath(info, level, column, row, service.format)
      return service.fetchTile(extend(base, path), `${key}\n${version}\n${path}`, signal)
    },
  }
  return {
    version,
    ...(lastModified && { lastModified }),
    openRemote: async () => remote,
    read: () =>
      Promise.reject(new SourceError(501, 'source-unsupported', 'The image is that of another service.')),
  }
}
