/* The facts about images: remembered, from the cache, or read from the source. */
import { LRUCache } from 'lru-cache'
import type { CacheEntry, ImageDescription } from '../contracts.js'
import { withDeadline } from '../schedule/deadline.js'
import type { ImageNames } from './image-names.js'
import type { ImageStore, Results } from './image-store.js'

/** Descriptions of images. */
export interface Descriptions {
  /** The facts about an image. */
  readonly describe: ImageStore['describe']
  /** Forgets those whose keys match. */
  forget(isMeant: (key: string) => boolean): void
}

/** What descriptions are made with. */
export interface DescriptionMaterial {
  /** The names of images. */
  readonly names: ImageNames
  /** The cache. */
  readonly results: Results
  /** Lends open readers. */
  readonly lend: ImageStore['lend']
  /** How long opening an image may take, in milliseconds. */
  readonly requestMs: number
}

/** A description is a few hundred bytes. */
const maxDescriptions = 5_000

/** Creates the descriptions of a service. */
export function createDescriptions({ names, results, lend, requestMs }: DescriptionMaterial): Descriptions {
  const remembered = new LRUCache<string, ImageDescription>({ max: maxDescriptions })
  return {
    async describe(image, signal) {
      const key = names.formatDescriptionKey(image)
      const known = remembered.get(key)
      if (known) return known
      const keep = results.begin(key)
      const kept = await results.get(key, signal)
      const open = () => openDescription(lend(image))
      const description =
        (kept && parseDescription(kept)) ?? (await withDeadline(requestMs, 'to open the image', signal, open))
      remembered.set(key, description)
      if (!kept) keep(formatDescription(description))
      return description
    },
    forget(isMeant) {
      for (const key of [...remembered.keys()]) if (isMeant(key)) remembered.delete(key)
    },
  }
}

/* Others may wait for the same image, so that it is opened whoever leaves. */
async function openDescription(lending: ReturnType<ImageStore['lend']>): Promise<ImageDescription> {
  const { reader, release } = await lending
  release()
  return reader.description
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
