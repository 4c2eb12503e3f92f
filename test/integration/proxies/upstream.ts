/* The honeydew behind the proxies: pictures with names that proxies like to decode, sources that are slow, large, busy or
   not for everybody, and notes of what came through. */
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { allow, deny } from '../../../src/access/result.js'
import { createNodeHandler } from '../../../src/adapters/node.js'
import type { ImageSource, SourceResolver } from '../../../src/contracts.js'
import { OverloadedError } from '../../../src/errors.js'
import type { ResponseReport } from '../../../src/service/report.js'
import { createImageService } from '../../../src/service.js'
import { bytesSource } from '../../../src/source/bytes.js'
import { fileSource } from '../../../src/source/file.js'
import { failingSource, makeNoise, names, writePictures } from '../../adapters/sources.js'

/** Identifiers beside those of the doors, as they are sent, and the widths of their pictures. */
export const moreNames: readonly (readonly [sent: string, identifier: string, width: number])[] = [
  ['ark:%2F1%2F2', 'ark:/1/2', 52],
  ['ark%3A%2f3%2f4', 'ark:/3/4', 54],
  ['http:%2F%2Fexample.org%2Fa.png', 'http://example.org/a.png', 56],
  ['a%252Fb.png', 'a%2Fb.png', 58],
  ['u%CC%88', 'u\u0308', 60],
  ["(a)'%21*", "(a)'!*", 62],
  ['%5B1%5D%7C%22%5E', '[1]|"^', 64],
]

/** The size of the source that is sent as it is, in bytes. */
export const largeSize = 24 * 2 ** 20

/** A request that came through. */
export interface Passed {
  readonly url: string
  readonly status: number
}

export interface Upstream {
  /** Where it listens. */
  readonly address: string
  /** The folder of the pictures. */
  readonly folder: string
  /** The requests that came through, in order; the status is there when the client has the first byte of its answer. */
  readonly requests: readonly Passed[]
  /** Forgets the requests. */
  forget(): void
  /** The reports of the answers, in order; each comes when the whole answer was taken. */
  readonly reports: ResponseReport[]
  /** The paths of what is not for everybody, when they came through. */
  readonly leaks: string[]
  /** Tells of sources: `asked` with the signal of a request for `hangs.png`, `closed` of `slow.jpg`. */
  readonly events: EventEmitter
  /** The bytes of `large.jpg`. */
  readonly large: Uint8Array
  close(): Promise<void>
}

/** Starts a honeydew. */
export async function startUpstream(): Promise<Upstream> {
  const folder = mkdtempSync(join(tmpdir(), 'honeydew-proxied-'))
  await writePictures(folder)
  for (const [, name, width] of [...moreNames.slice(0, 2), ['', 'photos/cat.jpg', 70] as const])
    await writePicture(join(folder, name), width)
  const large = await makeLarge()
  const events = new EventEmitter()
  const reports: ResponseReport[] = []
  const options = {
    onResponse: (report: ResponseReport) => void reports.push(report),
    trustProxy: ['127.0.0.1'],
  }
  const open = createImageService({
    ...options,
    source: [
      failingSource(await makeNoise(), events),
      await namedSource(),
      oddSource(large, events),
      fileSource(folder),
    ],
    revalidate: 'always',
    // Any image has a manifest; these few are listed.
    presentation: { listing: () => [...names, ...moreNames].map(([, identifier]) => identifier) },
    // Otherwise honeydew itself would give up what hangs.
    schedule: { timeouts: { resolveSeconds: Infinity } },
    // What is called so is kept for a second, where it is kept.
    cacheControl: ({ request, status }) =>
      status < 300 && request?.identifier.startsWith('brief') ? { maxAgeSeconds: 1 } : undefined,
  })
  const guarded = createImageService({
    ...options,
    source: fileSource(folder),
    prefixes: { 2: '/iiif/2/guarded', 3: '/iiif/3/guarded' },
    authorize: ({ headers, identifier }) =>
      identifier.startsWith('public')
        ? allow({ shared: true })
        : headers.cookie === 'reader=1'
          ? allow()
          : deny(403),
  })
  const leaks: string[] = []
  const answerOther = (request: IncomingMessage, response: ServerResponse) => {
    leaks.push(request.url ?? '')
    response.end('not for everybody')
  }
  const handle = createNodeHandler(guarded, createNodeHandler(open, answerOther))
  let responses: ServerResponse[] = []
  const server = createServer((request, response) => {
    responses.push(response)
    void handle(request, response)
  })
  server.keepAliveTimeout = 75_000
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    folder,
    get requests() {
      return responses.map(({ req, statusCode }) => ({ url: req.url ?? '', status: statusCode }))
    },
    forget() {
      responses = []
      reports.length = 0
    },
    reports,
    leaks,
    events,
    large,
    async close() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
      await Promise.all([open.close(), guarded.close()])
      rmSync(folder, { recursive: true })
    },
  }
}

/** Writes a picture of a width. */
export async function writePicture(path: string, width: number): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, await makePicture(width, path.endsWith('.jpg') ? 'jpeg' : 'png'))
}

function makePicture(width: number, format: 'png' | 'jpeg'): Promise<Buffer> {
  const background = { r: 200, g: width, b: 30 }
  return sharp({ create: { width, height: 30, channels: 3, background } })
    .toFormat(format)
    .toBuffer()
}

/* Names that a file system cannot have, or that would be told apart only by luck. */
async function namedSource(): Promise<SourceResolver> {
  const sources = new Map<string, ImageSource>()
  for (const [, name, width] of moreNames) sources.set(name, bytesSource(await makePicture(width, 'png')))
  return identifier => sources.get(identifier)
}

/* A JPEG may have anything behind its end. */
async function makeLarge(): Promise<Uint8Array> {
  const bytes = new Uint8Array(Uint32Array.from({ length: largeSize / 4 }, (_, at) => at).buffer)
  bytes.set(await makePicture(80, 'jpeg'))
  return bytes
}

const slowChunks = 1000

/* One is sent piece by piece, for half a minute at most; one is always overloaded. */
function oddSource(large: Uint8Array, events: EventEmitter): SourceResolver {
  const all = bytesSource(large, { version: 'large' })
  async function* trickle(): AsyncGenerator<Uint8Array> {
    try {
      for (let sent = 0; sent < slowChunks; sent += 1) {
        yield large.subarray(sent * 16_384, (sent + 1) * 16_384)
        await new Promise(later => setTimeout(later, 30))
      }
    } finally {
      events.emit('closed')
    }
  }
  return identifier => {
    if (identifier === 'large.jpg') return all
    if (identifier === 'slow.jpg') return { ...all, version: 'slow', stream: trickle }
    if (identifier === 'busy.jpg') throw new OverloadedError('There is too much to do.', 7)
    return undefined
  }
}
