/* Covered images: what must not be seen is painted over, and what must be seen is laid on top. No response that needs a
   cover is made without it: whatever goes wrong refuses the image. */
import type { ImageDescription, ImageReader } from '../contracts.js'
import { isIIIFError } from '../errors.js'
import type { ResolvedRequest } from '../protocol/resolved.js'
import { type CoverStore, createCoverStore } from './cover-store.js'
import type { ResolvedEncodeOptions } from './encode-options.js'
import { throwIfAborted } from './failure.js'
import { averageMosaic, type Mosaic, type MosaicPlan } from './mosaic.js'
import { type PlannedCover, planRender, type RenderPlan } from './plan.js'
import { redactionFailed } from './redaction.js'
import { type CoverMaterial, decodeGrid, render } from './render.js'
import { planStored, type StoredPlan } from './stored.js'

/** What covers an image. */
export interface Cover extends PlannedCover {
  /** Where what responses share is kept. @defaultValue nothing is shared */
  readonly store?: CoverStore | undefined
}

/** Writes what covers an image, for keys of caches and ETags: equal covers make equal pixels. Empty where there is none. */
export function formatCover({ redactions, overlay }: PlannedCover = {}): string {
  return redactions || overlay ? `${redactions?.key ?? ''}+${overlay?.key ?? ''}` : ''
}

/** How a covered image is made. */
export type CoveredWay =
  | { readonly way: 'stored'; readonly stored: StoredPlan; readonly cover: Cover }
  | { readonly way: 'render'; readonly plan: RenderPlan; readonly cover: Cover }

/**
 * Plans how a request for a covered image is answered: with stored tiles only where nothing is laid over them and nothing
 * of what must not be seen is in them.
 */
export function planCovered(
  description: ImageDescription,
  request: ResolvedRequest,
  settings: ResolvedEncodeOptions,
  cover: Cover,
): CoveredWay {
  const plan = planRender(description, request, settings, cover)
  const stored = plan.overlay
    ? undefined
    : planStored(description, request, settings.storedFormats, cover.redactions)
  return stored ? { way: 'stored', stored, cover } : { way: 'render', plan, cover }
}

/**
 * Reads the pixels of a plan and renders them, covered as it says; the plan must have been made with the same cover.
 *
 * @throws {@link SourceError} when pixels cannot be read, or a cover cannot be made.
 * @throws {@link AbortedError} when the signal is aborted.
 */
export async function renderCovered(
  reader: ImageReader,
  plan: RenderPlan,
  { overlay, store = createCoverStore() }: Cover,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const mosaics = await recallMosaics(reader, plan, store, signal).catch(error => {
    throw isIIIFError(error) ? error : redactionFailed(error)
  })
  throwIfAborted(signal)
  const material: CoverMaterial = {
    mosaics,
    ...(overlay ? { createLayers: place => store.createLayers(overlay, place) } : {}),
  }
  const pixels = await reader.pixels(plan.level, plan.box, signal)
  return render(pixels, plan, signal, material)
}

/* One after another: each may have to decode all of the image, and memory is reserved for one. */
async function recallMosaics(
  reader: ImageReader,
  plan: RenderPlan,
  store: CoverStore,
  signal: AbortSignal | undefined,
): Promise<readonly Mosaic[]> {
  const mosaics: Mosaic[] = []
  for (const mosaic of plan.redaction?.mosaics ?? []) {
    throwIfAborted(signal)
    const key = JSON.stringify([mosaic, plan.background])
    mosaics.push(await store.recallMosaic(reader, key, () => readMosaic(reader, mosaic, plan)))
  }
  return mosaics
}

/* What is shared between requests is not given up with one of them. */
async function readMosaic(reader: ImageReader, mosaic: MosaicPlan, plan: RenderPlan): Promise<Mosaic> {
  const pixels = await reader.pixels(mosaic.level, mosaic.box)
  return averageMosaic(mosaic, await decodeGrid(pixels, plan, mosaic.grid))
}
