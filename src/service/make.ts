/* From a prepared request to bytes: the source as it is, stored tiles, or pixels that are rendered. Whatever takes
   processor time or memory asks for leave first. */

import type { ImageReader, ImageSource, StreamOptions } from '../contracts.js'
import { type Cost, estimateRender, estimateStored } from '../image/cost.js'
import { renderCovered } from '../image/cover.js'
import { planRender } from '../image/plan.js'
import { render } from '../image/render.js'
import type { StoredPlan } from '../image/stored.js'
import type { ImageResult, PreparedRequest } from '../process.js'
import { mediaTypes } from '../protocol/format.js'
import type { Permit } from '../schedule/admission.js'
import { abandon, countBytes, readInChunks, watchEnd } from './body.js'
import type { Phases } from './report.js'
import type { ProcessSettings } from './settings.js'

/** Asks for leave to do what costs so much; `resumes` is for work that has begun already. */
export type Admit = (cost: Cost, resumes?: boolean) => Promise<Permit>

/** How an image is made. */
export interface Making {
  /** Asks for leave. */
  readonly admit: Admit
  /** Gives the work up. */
  readonly signal: AbortSignal | undefined
  /** How long decoding, scaling and encoding may take, in milliseconds. @defaultValue as long as it takes */
  readonly renderMs?: number
  /** What is told how long reading and rendering take. */
  readonly phases?: Phases
}

/** Gives leave to everything: for programs that have no service, and decide themselves what they do at the same time. */
export const freely: Admit = async () => ({ finish() {}, release() {} })

/** Calls `release` once, when the image is made and its body read to its end, or when that was given up. */
export async function releaseAfter(
  release: () => void,
  make: () => Promise<ImageResult>,
): Promise<ImageResult> {
  try {
    const result = await make()
    if (!(result.body instanceof Uint8Array)) return { ...result, body: watchEnd(result.body, release) }
    release()
    return result
  } catch (error) {
    release()
    throw error
  }
}

/**
 * Answers a prepared request with the bytes of the source as they are.
 *
 * @param options - which part of it, and what gives it up
 * @throws {@link SourceError} when the source cannot be read: its first bytes are read before anything is promised.
 */
export async function sendSource(
  prepared: PreparedRequest,
  source: ImageSource,
  options: StreamOptions = {},
): Promise<ImageResult & { readonly body: AsyncIterable<Uint8Array> }> {
  const { start = 0, end = source.size } = options
  const size = end === undefined ? {} : { size: end - start }
  const stream = source.stream?.(options) ?? readInChunks(source, options)
  const chunks = stream[Symbol.asyncIterator]()
  const first = await chunks.next()
  const body = countBytes(first, chunks, size.size)
  return { ...prepared, mediaType: mediaTypes[prepared.resolved.format], ...size, body }
}

/** Makes the image of a prepared request: from stored tiles where that is planned and works, else by rendering. */
export async function makeImage(
  prepared: PreparedRequest,
  reader: ImageReader,
  settings: ProcessSettings,
  making: Making,
): Promise<ImageResult> {
  const { stored, resolved } = prepared
  const body = stored && (await takeStored(stored, reader, making))
  if (body === undefined) return renderImage(prepared, reader, settings, making)
  const size = body instanceof Uint8Array ? { size: body.byteLength } : {}
  return { ...prepared, mediaType: mediaTypes[resolved.format], ...size, body }
}

async function takeStored(
  stored: StoredPlan,
  reader: ImageReader,
  { admit, signal, phases }: Making,
): Promise<ImageResult['body'] | undefined> {
  const cost = estimateStored(stored)
  const permit = await admit(cost)
  const began = performance.now()
  try {
    const body = await reader.stored?.(stored.level, stored.box, signal)
    if (phases) phases.readMs += performance.now() - began
    if (body instanceof Uint8Array) permit.finish(body.byteLength)
    else permit.release()
    return body === undefined || body instanceof Uint8Array ? body : pace(body, () => admit(cost, true))
  } catch (error) {
    permit.release()
    throw error
  }
}

/* A body that is made piece by piece takes its turn for each: a client that reads slowly holds up nobody. */
function pace(
  body: AsyncIterable<Uint8Array>,
  admit: () => Promise<Permit>,
): AsyncIterableIterator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]()
  return {
    async next() {
      // Whoever is told of an error asks for nothing more, not even for an end.
      const permit = await admit().catch(error => {
        abandon(pieces)
        throw error
      })
      try {
        return await pieces.next()
      } finally {
        permit.release()
      }
    },
    async return() {
      await pieces.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

async function renderImage(
  prepared: PreparedRequest,
  reader: ImageReader,
  settings: ProcessSettings,
  { admit, signal, renderMs = Infinity, phases }: Making,
): Promise<ImageResult> {
  const { cover, resolved, encode = settings.encode } = prepared
  const { description } = reader
  const planned = prepared.plan ?? planRender(description, resolved, encode, cover)
  const plan = { ...planned, seconds: toWholeSeconds(renderMs) }
  const permit = await admit(estimateRender(description, plan))
  const began = performance.now()
  try {
    const pixels = cover ? undefined : await reader.pixels(plan.level, plan.box, signal)
    const read = performance.now()
    const body = pixels
      ? await render(pixels, plan, signal)
      : await renderCovered(reader, plan, cover ?? {}, signal)
    if (phases) phases.readMs += read - began
    if (phases) phases.renderMs += performance.now() - read
    permit.finish(body.byteLength)
    const mediaType = mediaTypes[resolved.format]
    return { ...prepared, way: 'render', mediaType, size: body.byteLength, body }
  } catch (error) {
    permit.release()
    throw error
  }
}

/* The longest time that sharp takes; 0 is for as long as it takes. */
const maxTimeoutMs = 3_600_000

function toWholeSeconds(milliseconds: number): number {
  return milliseconds > maxTimeoutMs ? 0 : Math.ceil(milliseconds / 1000)
}
