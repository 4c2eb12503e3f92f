/* What the service knows of images between requests: open readers, descriptions, results. Each is kept under the
   version of its source, so that a changed source is another image. */
import { LRUCache } from 'lru-cache'
import { buildCacheKey } from './cache/key.js'
import type { CacheEntry, ImageDescription, ImageReader } from './contracts.js'
import { createReaderPool } from './image/reader-pool.js'
import { openReader } from './image/sharp-reader.js'
import type { Located } from './locate.js'
import type { ServiceSettings } from './options.js'

/** Images that were seen before. */
export interface ImageStore {
  /** The facts about an image: remembered, from the cache, or read from the source. */
  describe(image: Located, signal?: AbortSignal): Promise<ImageDescription>
  /** Lends an open reader to `work`. */
  read<T>(image: Located, work: (reader: ImageReader) => Promise<T>): Promise<T>
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

/** Creates the memory of a service. */
export function createImageStore({ cache, maxOpenImages, read }: ServiceSettings): ImageStore {
  const pool = createReaderPool(maxOpenImages)
  const descriptions = new LRUCache<string, ImageDescription>({ max: maxDescriptions })
  const encodeSettings = JSON.stringify(read)
  const keyOf = ({ identifier, source }: Located, name: string) =>
    buildCacheKey(identifier, source.version, [name])
  const store: ImageStore = {
    async describe(image, signal) {
      const key = keyOf(image, `description ${encodeSettings}`)
      const known = descriptions.get(key)
      if (known) return known
      const kept = await cache?.get(key, signal)
      const description =
        (kept && parseDescription(kept)) ?? (await store.read(image, async r => r.description))
      descriptions.set(key, description)
      if (!kept) await cache?.set(key, formatDescription(description))
      return description
    },
    read: (image, work) => pool.use(keyOf(image, 'reader'), () => openReader(image.source, read), work),
    formatKey: keyOf,
    getResult: (key, signal) => cache?.get(key, signal),
    setResult: (key, entry) => cache?.set(key, entry),
    close() {
      pool.close()
      descriptions.clear()
    },
  }
  return store
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
