/* From a plan to bytes: the only file that strings sharp's calls together. sharp does its steps in an order of its own
   (cut, shrink, flatten, scale, flop, quarter turn, extend, threshold, encode), whatever the order of the calls: it is
   that of the plan. What does not fit into it takes a second pass over the scaled pixels. */
import sharp, { type Sharp } from 'sharp'
import type { PixelInput } from '../contracts.js'
import type { Encoding } from './encode.js'
import { isMereWarning, isTimeout, throwIfAborted, toSourceFailure } from './failure.js'
import type { RenderPlan } from './plan.js'

/**
 * Decodes, changes and encodes what the plan says. libvips cannot be interrupted: sharp 0.35 has no signal, and all that
 * it takes is a time, before it begins. A signal is heeded before and after each pass, so that the promise is pending for
 * as long as memory is in use.
 *
 * @param timeoutMs - how long a pass may take, in milliseconds; libvips knows whole seconds, and looks at the clock when
 * it has done some rows, or when the encoder tells how far it has come: WebP does, AVIF never, GIF seldom
 * @throws {@link SourceError} when the pixels cannot be decoded.
 * @throws {@link AbortedError} when the signal is aborted; {@link TimeoutError} when the time has passed.
 */
export async function render(
  input: PixelInput,
  plan: RenderPlan,
  signal?: AbortSignal,
  timeoutMs: number = Infinity,
): Promise<Uint8Array> {
  throwIfAborted(signal)
  const pass: Pass = { signal, seconds: timeoutMs > maxTimeoutMs ? 0 : Math.ceil(timeoutMs / 1000) }
  try {
    const bytes = await draw(input, plan, pass).catch(async error => {
      throwIfAborted(signal)
      if (isTimeout(error) || !(await warnsOnly(input, plan))) throw error
      return draw(input, { ...plan, failOn: 'error' }, pass)
    })
    throwIfAborted(signal)
    if (input.kind === 'encoded') await input.check?.()
    return bytes
  } catch (error) {
    throwIfAborted(signal)
    throw toSourceFailure(error)
  }
}

/* What bounds one run of libvips. */
interface Pass {
  readonly signal: AbortSignal | undefined
  /** How long it may take; 0 for as long as it takes. */
  readonly seconds: number
}

/* The longest time that sharp takes. */
const maxTimeoutMs = 3_600_000

async function draw(input: PixelInput, plan: RenderPlan, pass: Pass): Promise<Uint8Array> {
  throwIfAborted(pass.signal)
  const placed = place(open(input, plan), input, plan)
  const sized = needsSecondPass(plan) ? tilt(await settle(placed, pass), plan) : paint(placed, plan)
  throwIfAborted(pass.signal)
  return encode(sized, plan.encoding).timeout({ seconds: pass.seconds }).toBuffer()
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

function open(input: PixelInput, { failOn }: RenderPlan): Sharp {
  if (input.kind === 'raw') {
    const { width, height, channels } = input
    return sharp(input.depth === 16 ? toUint16(input.data) : input.data, { raw: { width, height, channels } })
  }
  const { data, page, subifd, maxPixels } = input
  return sharp(data, {
    failOn,
    limitInputPixels: maxPixels,
    ...(page === undefined ? {} : { page }),
    ...(subifd === undefined ? {} : { tiff: { subifd } }),
  })
}

/** The versions of what makes the bytes: part of every ETag, because another version may make other bytes. */
export const rendererVersion: string = `${sharp.versions.sharp} ${sharp.versions.vips}`

/* sharp tells the depth of raw samples by the type of the array; an array of 16 bits must begin at an even address. */
function toUint16(data: Uint8Array): Uint16Array {
  const even = data.byteOffset % 2 === 0 ? data : data.slice()
  return new Uint16Array(even.buffer, even.byteOffset, even.byteLength >> 1)
}

/* Cutting the whole image would only keep the decoder from shrinking it while it loads. */
function place(image: Sharp, input: PixelInput, plan: RenderPlan): Sharp {
  const { resize, background, kernel, extend } = plan
  let placed = image
  if (input.kind === 'encoded' && !input.whole) {
    const { x, y, width, height } = input.box
    placed = placed.extract({ left: x, top: y, width, height })
  }
  if (plan.flatten) placed = placed.flatten({ background })
  if (resize) placed = placed.resize(resize.width, resize.height, { fit: 'fill', kernel })
  if (plan.flop) placed = placed.flop()
  if (plan.angle !== 0) placed = placed.rotate(plan.angle)
  if (extend) placed = placed.extend({ ...extend, extendWith: 'copy' })
  return plan.wide ? placed.withIccProfile('srgb', { attach: false }) : placed
}

async function settle(image: Sharp, pass: Pass): Promise<Sharp> {
  const samples = image.toColourspace('srgb').raw().timeout({ seconds: pass.seconds })
  const { data, info } = await samples.toBuffer({ resolveWithObject: true })
  return sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
}

function tilt(image: Sharp, plan: RenderPlan): Sharp {
  const background = { ...plan.background, alpha: plan.transparent ? 0 : 1 }
  return paint(plan.tilt !== 0 ? image.rotate(plan.tilt, { background }) : image, plan)
}

/* The threshold comes after everything that could make new greys. */
function paint(image: Sharp, { colour }: RenderPlan): Sharp {
  if (colour === 'rgb') return image.toColourspace('srgb')
  const gray = image.grayscale().toColourspace('b-w')
  return colour === 'bitonal' ? gray.threshold(128) : gray
}

function encode(image: Sharp, encoding: Encoding): Sharp {
  switch (encoding.format) {
    case 'jpg': {
      const { quality, progressive, chromaSubsampling, optimiseCoding } = encoding
      return image.jpeg({ quality, progressive, chromaSubsampling, optimiseCoding })
    }
    case 'png': {
      const { compressionLevel, bilevel } = encoding
      return image.png(
        bilevel ? { compressionLevel, palette: true, colours: 2, dither: 0 } : { compressionLevel },
      )
    }
    case 'webp':
      return image.webp({ quality: encoding.quality, effort: encoding.effort, lossless: encoding.lossless })
    case 'tif':
      // The predictor is for samples of whole bytes.
      return encoding.bilevel
        ? image.tiff({ compression: encoding.compression, bitdepth: 1, predictor: 'none' })
        : image.tiff({ compression: encoding.compression })
    case 'gif':
      return image.gif()
    case 'avif':
      return image.avif({
        quality: encoding.quality,
        effort: encoding.effort,
        lossless: encoding.lossless,
        chromaSubsampling: encoding.lossless ? '4:4:4' : '4:2:0',
      })
  }
}
