/* Services of sources that count what is read of them, and that can be made to hang; and how they are asked. */
import { onTestFinished } from 'vitest'
import type { HttpReply, HttpRequest, ImageSource, StreamOptions } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { readBody, waitUntil } from './folder.js'

/** Bytes without a file; everything that is read of them is counted, and waits while they are held. */
export interface CountedBytes {
  /** What was read so far. */
  readonly reads: { readonly offset: number; readonly length: number }[]
  /** How many bytes were read so far. */
  countRead(): number
  /** How many reads wait. */
  countWaiting(): number
  /** How many reads were given up while they waited. */
  countGivenUp(): number
  /** Makes reads wait from now on; `deaf` ones do not heed their signal. */
  hold(how?: 'deaf'): void
  /** Lets all reads go on, or fail. */
  go(error?: Error): void
  /** The source. */
  readonly source: ImageSource
}

export function countBytes(bytes: Uint8Array, facts: Partial<ImageSource> = {}): CountedBytes {
  const reads: { readonly offset: number; readonly length: number }[] = []
  const waiting = new Set<(error?: Error) => void>()
  let held: 'heeding' | 'deaf' | undefined
  let givenUp = 0
  const pass = (signal: AbortSignal | undefined): Promise<void> | undefined =>
    held === undefined
      ? undefined
      : new Promise((resolve, reject) => {
          if (signal?.aborted) reject(new Error('given up'))
          const settle = (error?: Error): void => {
            waiting.delete(settle)
            signal?.removeEventListener('abort', leave)
            if (error) reject(error)
            else resolve()
          }
          const leave = (): void => {
            givenUp += 1
            settle(new Error('given up'))
          }
          waiting.add(settle)
          if (held !== 'deaf') signal?.addEventListener('abort', leave, { once: true })
        })
  const read = async (offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> => {
    await pass(signal)
    const part = bytes.subarray(offset, offset + length)
    reads.push({ offset, length: part.length })
    return part
  }
  return {
    reads,
    countRead: () => reads.reduce((sum, { length }) => sum + length, 0),
    countWaiting: () => waiting.size,
    countGivenUp: () => givenUp,
    hold(how) {
      held = how ?? 'heeding'
    },
    go(error) {
      held = undefined
      for (const settle of [...waiting]) settle(error)
    },
    source: {
      version: '1',
      size: bytes.length,
      lastModified: new Date('2020-01-02T03:04:05Z'),
      read,
      async *stream({ start = 0, end = bytes.length, signal }: StreamOptions = {}) {
        for (let offset = start; offset < end; offset += 65_536)
          yield read(offset, Math.min(65_536, end - offset), signal)
      },
      ...facts,
    },
  }
}

/** A service of the sources that are given, which is closed after the test. */
export function serve(
  sources: Readonly<Record<string, ImageSource | CountedBytes>>,
  options: Partial<ImageServiceOptions> = {},
): ImageService {
  const service = createImageService({
    source: identifier => {
      const found = sources[identifier]
      return found && 'source' in found ? found.source : found
    },
    revalidate: 'never',
    ...options,
  })
  onTestFinished(() => service.close())
  return service
}

export interface Asking {
  readonly method?: string
  readonly headers?: HttpRequest['headers']
  readonly client?: string
  readonly signal?: AbortSignal
}

/** Asks for a path below the prefix of version 3. */
export async function ask(service: ImageService, path: string, asking: Asking = {}): Promise<HttpReply> {
  const { method = 'GET', headers = {}, client = '192.0.2.1', signal = new AbortController().signal } = asking
  const reply = await service.handle({
    method,
    url: `/iiif/3/${path}`,
    mountPath: '',
    headers,
    scheme: 'http',
    authority: 'images.example',
    remoteAddress: client,
    signal,
  })
  if (reply === undefined) throw new Error(`not answered: ${path}`)
  return reply
}

/** The bytes of the body of a reply. */
export async function readReply({ body = '' }: HttpReply): Promise<Buffer> {
  return typeof body === 'string' ? Buffer.from(body) : readBody(body)
}

/** Asks, and reads all of the answer. */
export async function fetchReply(
  service: ImageService,
  path: string,
  asking: Asking = {},
): Promise<{ readonly status: number; readonly headers: HttpReply['headers']; readonly body: Buffer }> {
  const reply = await ask(service, path, asking)
  return { ...reply, body: await readReply(reply) }
}

/** What a service is doing: all zeros when it has nothing to do. */
export function readWork(service: ImageService): Readonly<Record<string, number>> {
  const { inFlight, making, schedule } = service.stats()
  const { tile, large, memoryBytes } = schedule
  return {
    inFlight,
    making,
    running: tile.running + large.running,
    queued: tile.queued + large.queued,
    memoryBytes,
  }
}

export const idle = { inFlight: 0, making: 0, running: 0, queued: 0, memoryBytes: 0 }

/** Waits until a service has nothing to do; the test's own time limit ends it. */
export async function waitForIdle(service: ImageService): Promise<void> {
  await waitUntil(() => Object.values(readWork(service)).every(count => count === 0))
}
