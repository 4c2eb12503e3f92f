/* From a plan to bytes: which steps are done to pixels, in how many passes. Redactions are painted before anything else
   is done; overlays are laid on in the end. */
import sharp, { type Sharp } from 'sharp'
import type { PixelInput } from '../contracts.js'
import { discard } from '../discard.js'
import { isIIIFError } from '../errors.js'
import type { Dimensions } from '../protocol/geometry.js'
import { isMereWarning, isTimeout, throwIfAborted, toSourceFailure } from './failure.js'
import type { Mosaic, RgbPixels } from './mosaic.js'
import { overlayFailed } from './overlay.js'
import type { Layer } from './overlay-layers.js'
import type { OverlayPlan } from './overlay-plan.js'
import { encode, lay, open, paint, place, settle, tilt, toSamples } from './pipeline.js'
import type { RenderPlan } from './plan.js'
import { redactionFailed } from './redaction.js'
import { paintRedactions } from './redaction-paint.js'
import type { RedactionPlan } from './redaction-plan.js'

/** What covers a picture, made before it is drawn. */
export interface CoverMaterial {
  /** The colours of the squares of redactions, in the order of the plan. */
  readonly mosaics: readonly Mosaic[]
  /** Makes the layers of the overlay. */
  createLayers?(plan: OverlayPlan): Promise<readonly Layer[]>
}

/**
 * Decodes, changes and encodes what the plan says. libvips cannot be interrupted: sharp 0.35 has no signal, and all that
 * it takes is a time, before it begins. A signal is heeded before and after each pass, so that the promise is pending for
 * as long as memory is in use.
 *
 * The time that the plan has is that of a pass, in whole seconds: libvips looks at the clock when it has done some rows, or
 * when the encoder tells how far it has come, which WebP does, AVIF never, and GIF seldom.
 *
 * @throws {@link SourceError} when the pixels cannot be decoded, or not be covered as the plan says.
 * @throws {@link AbortedError} when the signal is aborted; {@link TimeoutError} when libvips takes longer than the plan says.
 */
export async function render(
  input: PixelInput,
  plan: RenderPlan,
  signal?: AbortSignal,
  material?: CoverMaterial,
): Promise<Uint8Array> {
  return attempt(input, plan, signal, tolerant => draw(input, tolerant, signal, material))
}

/**
 * Decodes pixels to a size, without alpha, for the squares of redactions.
 *
 * @throws {@link SourceError} when the pixels cannot be decoded.
 */
export async function decodeGrid(input: PixelInput, plan: RenderPlan, size: Dimensions): Promise<RgbPixels> {
  return attempt(input, plan, undefined, tolerant =>
    decode(input, { ...tolerant, kernel: 'cubic' }, size, true),
  )
}

async function attempt<T>(
  input: PixelInput,
  plan: RenderPlan,
  signal: AbortSignal | undefined,
  work: (plan: RenderPlan) => Promise<T>,
): Promise<T> {
  throwIfAborted(signal)
  try {
    const made = await work(plan).catch(async error => {
      throwIfAborted(signal)
      if (isIIIFError(error) || isTimeout(error) || !(await warnsOnly(input, plan))) throw error
      return work({ ...plan, failOn: 'error' })
    })
    throwIfAborted(signal)
    if (input.kind === 'encoded') await input.check?.()
    return made
  } catch (error) {
    throwIfAborted(signal)
    // A file that is another one by now, or gone, explains whatever went wrong with it.
    if (input.kind === 'encoded') await input.check?.()
    throw toSourceFailure(error)
  } finally {
    release(input)
  }
}

function release(input: PixelInput): void {
  if (input.kind === 'raw' && input.isOwn) discard(input.data)
}

async function draw(
  input: PixelInput,
  plan: RenderPlan,
  signal: AbortSignal | undefined,
  material: CoverMaterial | undefined,
): Promise<Uint8Array> {
  throwIfAborted(signal)
  if (!plan.redaction) return drawShown(input, plan, signal, material)
  const shown = await redact(input, plan, plan.redaction, material)
  try {
    // What was decoded to be painted is sRGB of eight bits and has no tags.
    return await drawShown(shown, { ...plan, wide: false, oriented: false }, signal, material)
  } finally {
    release(shown)
  }
}

async function drawShown(
  shown: PixelInput,
  plan: RenderPlan,
  signal: AbortSignal | undefined,
  material: CoverMaterial | undefined,
): Promise<Uint8Array> {
  const placed = place(open(shown, plan), shown, plan)
  const sized = plan.overlay
    ? await layOver(placed, plan, plan.overlay, material)
    : needsSecondPass(plan)
      ? tilt(await settle(placed, plan), plan)
      : placed
  throwIfAborted(signal)
  return encode(paint(sized, plan), plan.encoding).toBuffer()
}

/* Whatever is done to pixels later, it is done to painted ones. */
async function redact(
  input: PixelInput,
  plan: RenderPlan,
  redaction: RedactionPlan,
  material: CoverMaterial | undefined,
): Promise<PixelInput> {
  const pixels = await decode(input, plan, redaction.frame, false)
  try {
    await paintRedactions(pixels, redaction, material?.mosaics ?? [])
  } catch (error) {
    throw redactionFailed(error)
  }
  return { ...pixels, kind: 'raw', depth: 8, isOwn: true }
}

/* All of what was read, scaled to a size and nothing else. */
async function decode(
  input: PixelInput,
  { failOn, seconds = 0, wide, background, kernel }: RenderPlan,
  size: Dimensions,
  flatten: boolean,
): Promise<RgbPixels> {
  const { width, height } = size
  const still = { wide, background, kernel, flatten, flop: false, angle: 0 } as const
  const image = place(open(input, { failOn, seconds }), input, { ...still, ...resizeTo(input, size) })
  const { data, info } = await toSamples(image)
  if (info.width !== width || info.height !== height || (info.channels !== 3 && info.channels !== 4)) {
    throw redactionFailed(new Error(`decoded ${info.width} × ${info.height} × ${info.channels}`))
  }
  return { data, width, height, channels: info.channels }
}

function resizeTo(input: PixelInput, size: Dimensions): Pick<RenderPlan, 'resize'> {
  const part = input.kind === 'raw' ? input : input.box
  return part.width === size.width && part.height === size.height ? {} : { resize: size }
}

/* An overlay of the image is turned askew with it; one of the response is laid on when that is done. Two colours are
   made of it like of everything else. */
async function layOver(
  placed: Sharp,
  plan: RenderPlan,
  overlay: OverlayPlan,
  material: CoverMaterial | undefined,
): Promise<Sharp> {
  if (!material?.createLayers) throw overlayFailed(new Error('there is no overlay'))
  let image = plan.wide ? await settle(placed, plan) : placed
  if (overlay.relativeTo === 'image') image = lay(image, await material.createLayers(overlay), overlay)
  if (needsSecondPass({ ...plan, wide: false })) image = tilt(await settle(image, plan), plan)
  if (overlay.relativeTo === 'output') {
    // A tilt may come out a pixel larger or smaller than planned.
    if (plan.tilt !== 0) image = await settle(image, plan)
    const { width, height } = plan.tilt === 0 ? plan.output : await image.metadata()
    const canvas = { width, height }
    const resized = { ...overlay, canvas, frame: canvas, window: { x: 0, y: 0, ...canvas } }
    image = lay(image, await material.createLayers(resized), overlay)
  }
  return plan.colour === 'bitonal' ? settle(image, plan) : image
}

/* Many a TIFF has a tag that is not written by the book, which must not count as damage. One pixel tells: libvips has
   words of its own for tiles that cannot be read, and none where it only warned. */
async function warnsOnly(input: PixelInput, plan: RenderPlan): Promise<boolean> {
  if (input.kind === 'raw' || plan.failOn === 'error') return false
  const pixel = open(input, plan).extract({ left: input.box.x, top: input.box.y, width: 1, height: 1 })
  return pixel
    .raw()
    .toBuffer()
    .then(() => false, isMereWarning)
}

/* A tilt lays corners open, which sharp would multiply with alpha twice after scaling; and samples in Display P3
   must become sRGB before grey is made of them. Samples without tags cannot repeat an orientation. */
function needsSecondPass(plan: RenderPlan): boolean {
  const repeatsOrientation = plan.oriented && plan.encoding.format === 'tif'
  return plan.tilt !== 0 || (plan.wide && plan.colour !== 'rgb') || repeatsOrientation
}

/** The versions of what makes the bytes: part of every ETag, because another version may make other bytes. */
export const rendererVersion: string = `${sharp.versions.sharp} ${sharp.versions.vips}`
