/* What covers need and several responses share: drawn overlays, measured words, the squares of redactions. Bounded, and
   nothing of it is kept beyond its service. */
import { LRUCache } from 'lru-cache'
import type { ImageReader } from '../contracts.js'
import { isIIIFError } from '../errors.js'
import type { Dimensions } from '../protocol/geometry.js'
import type { Mosaic } from './mosaic.js'
import { type Overlay, overlayFailed, type TextOverlay } from './overlay.js'
import { loadOverlayImage, type OverlayImage } from './overlay-image.js'
import { createLayers, type Layer, roomIn, sizeOnCanvas } from './overlay-layers.js'
import type { OverlayPlan } from './overlay-plan.js'
import { describeText, drawOverlay, type Motif, type Raster } from './overlay-raster.js'
import { layOutText, measureText, type TextMeasure } from './overlay-text.js'

/** Makes what covers images, and remembers it. */
export interface CoverStore {
  /** The layers of an overlay for one response. @throws {@link SourceError} when they cannot be made. */
  createLayers(overlay: Overlay, plan: OverlayPlan): Promise<readonly Layer[]>
  /** The colours of squares of an image, made by `make` when they are asked for the first time. */
  recallMosaic(reader: ImageReader, key: string, make: () => Promise<Mosaic>): Promise<Mosaic>
}

/** What a {@link CoverStore} keeps. */
export interface CoverStoreOptions {
  /** The bound of drawn overlays, in bytes; one is 16 MB at most. @defaultValue 32 MiB */
  readonly maxBytes?: number
}

/** Texts, sizes of images, and squares of one image that are kept: each is small. */
const maxFacts = 500

/** Creates a store of covers. @throws TypeError when the bound is not a whole number of bytes. */
export function createCoverStore(options: CoverStoreOptions = {}): CoverStore {
  const { maxBytes = 32 * 2 ** 20 } = options
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
    throw new TypeError(`maxBytes: expected a whole number of bytes from 1 but received ${String(maxBytes)}`)
  }
  const rasters = createMemory(
    new LRUCache<string, Raster>({ maxSize: maxBytes, sizeCalculation: raster => raster.data.byteLength }),
  )
  const measures = createMemory(new LRUCache<string, TextMeasure>({ max: maxFacts }))
  const sizes = createMemory(new LRUCache<string, Dimensions>({ max: maxFacts }))
  const mosaics = new WeakMap<ImageReader, Memory<Mosaic>>()

  const measureImage = async (overlay: ImageOverlayRecord): Promise<OverlaySize> => {
    let loaded: OverlayImage | undefined
    const load = async () => (loaded ??= await loadOverlayImage(overlay))
    const size = await sizes(overlay.key, async () => sizeOf(await load()))
    return { size, motif: async () => ({ kind: 'image', image: await load() }) }
  }
  const measureOverlay = async (overlay: Overlay, plan: OverlayPlan): Promise<OverlaySize> => {
    if (overlay.kind === 'image') return measureImage(overlay)
    const measure = await measures(overlay.key, () => measureText(overlay))
    const layout = layOutText(overlay, measure, roomOf(overlay, plan))
    return { size: layout, motif: async () => describeText(overlay, layout, plan.tone) }
  }
  return {
    async createLayers(overlay, plan) {
      try {
        const { size: natural, motif } = await measureOverlay(overlay, plan)
        const size = sizeOnCanvas(natural, overlay, plan, overlay.kind === 'image')
        const opacity = opacityOf(overlay, plan)
        const facts = [overlay.key, sizeOf(natural), size, plan.tone === 'rgb' ? '' : plan.tone, opacity]
        const raster = await rasters(JSON.stringify(facts), async () =>
          drawOverlay(await motif(), size, opacity),
        )
        return await createLayers(raster, overlay, plan)
      } catch (error) {
        throw isIIIFError(error) ? error : overlayFailed(error)
      }
    },
    recallMosaic(reader, key, make) {
      const memory = mosaics.get(reader) ?? createMemory(new LRUCache<string, Mosaic>({ max: maxFacts }))
      mosaics.set(reader, memory)
      return memory(key, make)
    },
  }
}

type ImageOverlayRecord = Extract<Overlay, { readonly kind: 'image' }>

interface OverlaySize {
  readonly size: Dimensions
  readonly motif: () => Promise<Motif>
}

function sizeOf({ width, height }: Dimensions): Dimensions {
  return { width, height }
}

/* What is made as large as it can be has room enough. */
function roomOf({ position, inset }: TextOverlay, { frame }: OverlayPlan): Dimensions | undefined {
  return position === 'scaled' ? undefined : roomIn(frame, inset)
}

/* Of letters that are half there, two colours leave specks. */
function opacityOf({ kind, opacity }: Overlay, { tone }: OverlayPlan): number {
  return kind === 'text' && tone === 'bitonal' && opacity > 0 ? 1 : opacity
}

/** Gives what is kept under a key, or what is being made under it, or makes it. Failures are not kept. */
type Memory<T> = (key: string, make: () => Promise<T>) => Promise<T>

function createMemory<T extends object>(kept: LRUCache<string, T>): Memory<T> {
  const pending = new Map<string, Promise<T>>()
  return (key, make) => {
    const known = kept.get(key)
    if (known) return Promise.resolve(known)
    const begun = pending.get(key)
    if (begun) return begun
    const made = make()
      .then(value => {
        kept.set(key, value)
        return value
      })
      .finally(() => pending.delete(key))
    pending.set(key, made)
    return made
  }
}
