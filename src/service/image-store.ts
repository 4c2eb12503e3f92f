/* What the service knows of images between requests: open readers, descriptions, results. Each is kept under the
   version of its source, so that a changed source is another image. */
import { isKeyOf } from '../cache/key.js'
import type { CacheEntry, ImageDescription, ImageReader } from '../contracts.js'
import { type Allocate, createAllocator, makeSharedSlab } from '../image/allocator.js'
import { createJoiner } from '../image/joiner.js'
import { openReader } from '../image/reader.js'
import { createReaderPool, type Lease } from '../image/reader-pool.js'
import { readMachine } from '../schedule/machine.js'
import { createReserve } from '../schedule/reserve.js'
import { createDescriptions } from './description-store.js'
import { createGuard, type Guard } from './guard.js'
import { createImageNames } from './image-names.js'
import type { Located } from './locate.js'
import type { ServiceSettings } from './settings.js'

/** Images that were seen before. */
export interface ImageStore extends Guard {
  /** The facts about an image: remembered, from the cache, or read from the source. */
  describe(image: Located, signal?: AbortSignal): Promise<ImageDescription>
  /** An ETag that stands for the version of an image and of what makes pixels. */
  formatTag(image: Located): string
  /** The reader of an image that is open; it may be used until something is waited for. */
  peek(image: Located): ImageReader | undefined
  /** Gives memory for a body that goes to where shared memory is taken. */
  readonly allocateShared: Allocate
  /** Lends an open reader. */
  lend(image: Located): Promise<Lease>
  /** How many images are open. */
  countOpen(): number
  /** The key of a result: everything that its bytes depend on. */
  formatKey(image: Located, name: string): string
  /** A result that was kept. */
  getResult(key: string, signal?: AbortSignal): CacheEntry | undefined | Promise<CacheEntry | undefined>
  /** Begins to make a result: gives what keeps it, unless something was forgotten meanwhile. */
  beginResult(key: string): (entry: CacheEntry) => void
  /** Closes what is open of an image that has changed; it is opened anew when it is wanted. */
  reopen(identifier: string): void
  /**
   * Forgets what was made from an image, or from all; what is being made now is not kept either.
   *
   * @throws whatever the cache throws, when a copy may be left.
   */
  forget(identifier?: string): Promise<void>
  /** Closes what is open. */
  close(): void
}

/** Sources that are no local files may have to be held in memory: of all that are open this much is held, in bytes. */
const maxHeldBytes = 512 * 2 ** 20

/** Creates the memory of a service. */
export function createImageStore({ cache, maxOpenImages, read, schedule }: ServiceSettings): ImageStore {
  const heldBytes = read.maxInputBytes ?? maxHeldBytes
  const pool = createReaderPool(maxOpenImages, heldBytes)
  const reserve = createReserve(heldBytes, schedule.large)
  const joiner = createJoiner(readMachine().processors)
  const { readMs, requestMs } = schedule.timeouts
  const { guard, meter } = createGuard(readMs)
  const names = createImageNames(JSON.stringify(read))
  const results = createResults(cache)
  const open = ({ source, page = 1 }: Located) =>
    openReader(guard(source), { ...read, page: page - 1, reserve }, undefined, joiner)
  const lend = (image: Located) => pool.lend(names.formatReaderKey(image), () => open(image))
  const descriptions = createDescriptions({ names, results, lend, requestMs })
  const reopen = (isMeant: (key: string) => boolean): void => {
    descriptions.forget(isMeant)
    pool.drop(isMeant)
  }
  return {
    describe: descriptions.describe,
    formatTag: names.formatTag,
    peek: image => pool.peek(names.formatReaderKey(image)),
    allocateShared: createAllocator(makeSharedSlab),
    lend,
    guard,
    meter,
    countOpen: () => pool.size,
    formatKey: names.formatKey,
    getResult: results.get,
    beginResult: results.begin,
    reopen: identifier => reopen(key => isKeyOf(identifier, key)),
    async forget(identifier) {
      reopen(key => identifier === undefined || isKeyOf(identifier, key))
      await results.forget(identifier)
    },
    close() {
      pool.close()
      joiner.close()
      descriptions.forget(() => true)
    },
  }
}

/** Results in the cache. */
export interface Results {
  /** A result that was kept. */
  readonly get: ImageStore['getResult']
  /** Begins to make one. */
  readonly begin: ImageStore['beginResult']
  /** Forgets those of an image, or all. */
  forget(identifier?: string): Promise<void>
}

function createResults(cache: ServiceSettings['cache']): Results {
  let generation = 0
  return {
    get: (key, signal) => cache?.get(key, signal),
    begin(key) {
      const began = generation
      return entry => {
        // Nobody waits for a cache to write; the wall around it bounds what waits to be written.
        if (began === generation) void cache?.set(key, entry)
      }
    },
    async forget(identifier) {
      generation += 1
      await cache?.delete(identifier === undefined ? { kind: 'all' } : { kind: 'identifier', identifier })
    },
  }
}
