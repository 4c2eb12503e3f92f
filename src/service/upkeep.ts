/* What operators do with a service: make it forget, keep its cache in order, and make images before anybody asks. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SweepReport } from '../contracts.js'
import { throwIfAborted } from '../errors.js'
import type { Format } from '../protocol/format.js'
import type { Box, Dimensions } from '../protocol/geometry.js'
import type { InfoFacts } from '../protocol/info.js'
import type { Limits } from '../protocol/limits.js'
import type { ImageRequest } from '../protocol/request.js'
import { shrinkFacts } from '../protocol/scale.js'
import { listSizes, listTileGrid, listTiles } from '../protocol/tiles.js'
import type { Desk } from './desk.js'
import type { Found } from './find.js'
import { describeFacts } from './info-document.js'
import type { Located } from './locate.js'
import { produceImage } from './produce.js'

/** What a service is made to forget: what was made from one image, what has expired, or everything. */
export type PurgeTarget =
  | { readonly identifier: string }
  | { readonly expired: true }
  | { readonly all: true }

/**
 * Makes a service forget. Nothing that was made before is sent when the promise has settled.
 *
 * @throws TypeError for what is none of the three; whatever the cache throws, when a copy may be left.
 */
export async function purge(target: PurgeTarget, desk: Desk): Promise<SweepReport | undefined> {
  if ('identifier' in target && typeof target.identifier === 'string') {
    // What was made of an image is kept under its own identifier, as whatever it is shown.
    await desk.forget(desk.settings.access.codec.parse(target.identifier).identifier)
    return undefined
  }
  if ('expired' in target && target.expired === true) return sweep(desk)
  if ('all' in target && target.all === true) {
    await desk.forget()
    return undefined
  }
  throw new TypeError('purge: expected { identifier }, { expired: true } or { all: true }')
}

/** Deletes from the cache what has expired, and what is over its bounds. */
export async function sweep({ settings }: Desk, signal?: AbortSignal): Promise<SweepReport> {
  return (await settings.cache?.sweep?.(signal)) ?? { deletedEntries: 0, deletedBytes: 0 }
}

/** What is made before anybody asks. */
export interface WarmOptions {
  /** Whether the whole image is made in each of its sizes. @defaultValue true */
  readonly sizes?: boolean
  /** Whether its tiles are made. @defaultValue true */
  readonly tiles?: boolean
  /** The scale factors whose tiles are made. @defaultValue all */
  readonly scaleFactors?: readonly number[]
  /** The format. @defaultValue jpg */
  readonly format?: Format
  /** Stops it. */
  readonly signal?: AbortSignal
}

/** How far it has come. */
export interface WarmProgress {
  /** How many images are done. */
  readonly done: number
  /** How many there are. */
  readonly total: number
  /** The canonical parameters of the one that was done. */
  readonly canonical: string
  /**
   * What became of it: it was there, it was made and is kept, or is not kept because it costs nothing, like a stored tile.
   */
  readonly outcome: 'hit' | 'miss' | 'none' | 'failed'
  /** What failed. */
  readonly error?: unknown
}

/** How often it is looked whether there is nothing better to do, in milliseconds. */
const idleMs = 20

/**
 * Makes images before anybody asks: one after another, and only while nobody waits for anything.
 *
 * @throws {@link NotFoundError} when there is no such image; {@link AbortedError} when the signal is aborted.
 */
export async function* warm(
  found: Found,
  desk: Desk,
  options: WarmOptions = {},
): AsyncGenerator<WarmProgress, void, undefined> {
  const { signal } = options
  const context = signal ? { signal } : {}
  const { image, view } = found
  const facts = describeFacts(await desk.store.describe(image, signal))
  const shown = shrinkFacts(facts, view.shownSize(facts), view.shrinkOf(facts))
  const requests = [...listRequests(image, shown, view.limits, desk, options)]
  for (const [index, request] of requests.entries()) {
    await waitUntilIdle(desk, signal)
    const place = { done: index + 1, total: requests.length }
    try {
      const { result, outcome, release } = await produceImage(found, request, desk, context)
      if (!(result.body instanceof Uint8Array)) await result.body[Symbol.asyncIterator]().return?.()
      release()
      yield { ...place, canonical: result.canonical, outcome }
    } catch (error) {
      throwIfAborted(signal)
      const { region, size } = request
      yield { ...place, canonical: JSON.stringify({ region, size }), outcome: 'failed', error }
    }
  }
}

function* listRequests(
  { identifier }: Located,
  facts: InfoFacts,
  limits: Limits,
  { settings: { tileSize } }: Desk,
  { sizes = true, tiles = true, scaleFactors, format = 'jpg' }: WarmOptions,
): Generator<ImageRequest> {
  const build = (region: Box, size: Dimensions): ImageRequest => ({
    kind: 'image',
    version: 3,
    identifier,
    encodedIdentifier: encodeURIComponent(identifier),
    region: { kind: 'pixels', ...region },
    size: { kind: 'exact', ...size, upscale: false },
    rotation: { mirror: false, degrees: 0 },
    quality: 'default',
    format,
  })
  const whole = { x: 0, y: 0, width: facts.width, height: facts.height }
  if (sizes) for (const size of listSizes(facts, limits)) yield build(whole, size)
  if (!tiles) return
  for (const tile of listTiles(facts, limits, tileSize)) {
    for (const factor of scaleFactors ?? tile.scaleFactors) {
      for (const { region, size } of listTileGrid(facts, tile, factor)) yield build(region, size)
    }
  }
}

async function waitUntilIdle({ admission }: Desk, signal?: AbortSignal): Promise<void> {
  for (;;) {
    throwIfAborted(signal)
    const { tile, large } = admission.stats()
    if (tile.running + tile.queued + large.running + large.queued === 0) return
    await sleep(idleMs)
  }
}
