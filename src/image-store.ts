/* What the service knows of images between requests: open readers, descriptions, results. Each is kept under the
   version of its source, so that a changed source is another image. */
import { LRUCache } from 'lru-cache'
import { buildCacheKey } from './cache/key.js'
import type { CacheEntry, ImageDescription, ImageReader } from './contracts.js'
import { createGuard, type Guard } from './guard.js'
import { formatEtag } from './http/conditional.js'
import { createJoiner } from './image/joiner.js'
import { openReader } from './image/reader.js'
import { createReaderPool, type Lease } from './image/reader-pool.js'
import { rendererVersion } from './image/render.js'
import type { Located } from './locate.js'
import { withDeadline } from './schedule/deadline.js'
import type { ServiceSettings } from './settings.js'

/** Images that were seen before. */
export interface ImageStore extends Guard {
  /** The facts about an image: remembered, from the cache, or read from the source. */
  describe(image: Located, signal?: AbortSignal): Promise<ImageDescription>
  /** An ETag that stands for the version of an image and of what makes pixels. */
  formatTag(image: Located): string
  /** The reader of an image that is open; it may be used until something is waited for. */
  peek(image: Located): ImageReader | undefined
  /** Lends an open reader. */
  lend(image: Located): Promise<Lease>
  /** How many images are open. */
  countOpen(): number
  /** The key of a result: everything that its bytes depend on. */
  formatKey(image: Located, name: string): string
  /** A result that was kept. */
  getResult(key: string, signal?: AbortSignal): CacheEntry | undefined | Promise<CacheEntry | undefined>
  /** Keeps a result. */
  setResult(key: string, entry: CacheEntry): void | Promise<void>
  /** Closes what is open. */
  close(): void
}

/** A description is a few hundred bytes. */
const maxDescriptions = 5_000

/** Sources that are no local files may have to be held in memory: of all that are open this much is held, in bytes. */
const maxHeldBytes = 512 * 2 ** 20

/** Creates the memory of a service. */
export function createImageStore({ cache, maxOpenImages, read, schedule }: ServiceSettings): ImageStore {
  const pool = createReaderPool(maxOpenImages, read.maxInputBytes ?? maxHeldBytes)
  const { readMs, requestMs } = schedule.timeouts
  const { guard, meter } = createGuard(readMs)
  const open = ({ source }: Located) => openReader(guard(source), read, undefined, joiner)
  const joiner = createJoiner()
  const descriptions = new LRUCache<string, ImageDescription>({ max: maxDescriptions })
  const readSettings = JSON.stringify(read)
  const prefixOf = rememberByImage(({ identifier, source }) => buildCacheKey(identifier, source.version, []))
  const tagOf = rememberByImage(({ source }) => formatEtag([source.version, rendererVersion]))
  const readerKeyOf = rememberByImage(image => `${prefixOf(image)}|reader`)
  const keyOf = (image: Located, name: string) => `${prefixOf(image)}|${encodeURIComponent(name)}`
  const descriptionKeyOf = rememberByImage(image => keyOf(image, `description ${readSettings}`))
  const readDescription = (image: Located, signal: AbortSignal | undefined): Promise<ImageDescription> =>
    withDeadline(requestMs, 'to open the image', signal, () => openDescription(image, store))
  const store: ImageStore = {
    async describe(image, signal) {
      const key = descriptionKeyOf(image)
      const known = descriptions.get(key)
      if (known) return known
      const kept = await cache?.get(key, signal)
      const description = (kept && parseDescription(kept)) ?? (await readDescription(image, signal))
      descriptions.set(key, description)
      if (!kept) await cache?.set(key, formatDescription(description))
      return description
    },
    formatTag: tagOf,
    peek: image => pool.peek(readerKeyOf(image)),
    lend: image => pool.lend(readerKeyOf(image), () => open(image)),
    guard,
    meter,
    countOpen: () => pool.size,
    formatKey: keyOf,
    getResult: (key, signal) => cache?.get(key, signal),
    setResult: (key, entry) => cache?.set(key, entry),
    close() {
      pool.close()
      joiner.close()
      descriptions.clear()
    },
  }
  return store
}

/* Others may wait for the same image, so that it is opened whoever leaves. */
async function openDescription(image: Located, store: ImageStore): Promise<ImageDescription> {
  const { reader, release } = await store.lend(image)
  release()
  return reader.description
}

/* What is the same for every request of an image is worked out once for as long as its source is believed. */
function rememberByImage(work: (image: Located) => string): (image: Located) => string {
  const remembered = new WeakMap<Located, string>()
  return image => {
    let text = remembered.get(image)
    if (text === undefined) {
      text = work(image)
      remembered.set(image, text)
    }
    return text
  }
}

const descriptionType = 'application/json'

function formatDescription(description: ImageDescription): CacheEntry {
  return { bytes: new TextEncoder().encode(JSON.stringify(description)), mediaType: descriptionType }
}

function parseDescription({ bytes, mediaType }: CacheEntry): ImageDescription | undefined {
  if (mediaType !== descriptionType) return undefined
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
