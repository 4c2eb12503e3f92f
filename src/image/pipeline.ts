/* The steps that make pixels of pixels, each a string of sharp's calls. sharp does what it is told in an order of its own
   (cut, shrink, flatten, scale, flop, quarter turn, tilt, extend, threshold, lay over, encode), whatever the order of the
   calls; what has to come in another order is settled in between. */
import sharp, { type OutputInfo, type Sharp } from 'sharp'
import type { PixelInput } from '../contracts.js'
import type { Encoding } from './encode.js'
import type { Layer } from './overlay-layers.js'
import type { OverlayPlan } from './overlay-plan.js'
import type { RenderPlan } from './plan.js'

/** Opens what a reader gave; nothing is decoded yet. */
export function open(input: PixelInput, plan: Pick<RenderPlan, 'failOn' | 'seconds'>): Sharp {
  return openInput(input, plan).timeout({ seconds: plan.seconds ?? 0 })
}

function openInput(input: PixelInput, { failOn }: Pick<RenderPlan, 'failOn'>): Sharp {
  if (input.kind === 'raw') {
    const { width, height, channels } = input
    const raw = { width, height, channels }
    return sharp(input.depth === 16 ? toUint16(input.data) : input.data, { raw, limitInputPixels: false })
  }
  const { data, page, subifd, maxPixels } = input
  return sharp(data, {
    failOn,
    limitInputPixels: maxPixels,
    ...(page === undefined ? {} : { page }),
    ...(subifd === undefined ? {} : { tiff: { subifd } }),
  })
}

/* sharp tells the depth of raw samples by the type of the array; an array of 16 bits must begin at an even address. */
function toUint16(data: Uint8Array): Uint16Array {
  const even = data.byteOffset % 2 === 0 ? data : data.slice()
  return new Uint16Array(even.buffer, even.byteOffset, even.byteLength >> 1)
}

/** The part of a plan that says where pixels come to lie. */
export type Placement = Pick<
  RenderPlan,
  'flatten' | 'background' | 'resize' | 'kernel' | 'flop' | 'angle' | 'extend' | 'wide'
>

/**
 * Cuts, flattens, scales, turns and extends. Cutting the whole image would only keep the decoder from shrinking it while
 * it loads.
 */
export function place(image: Sharp, input: PixelInput, plan: Placement): Sharp {
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

/** Does what was asked for so far, so that what follows comes after it. */
export async function settle(image: Sharp, { seconds = 0 }: Pick<RenderPlan, 'seconds'>): Promise<Sharp> {
  const { data, info } = await toSamples(image)
  const { width, height, channels } = info
  return sharp(data, { raw: { width, height, channels }, limitInputPixels: false }).timeout({ seconds })
}

/** Does what was asked for so far: the samples, of eight bits and in sRGB. */
export function toSamples(image: Sharp): Promise<{ readonly data: Buffer; readonly info: OutputInfo }> {
  return image.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
}

/** Turns by what is left after the quarter turns. */
export function tilt(image: Sharp, plan: RenderPlan): Sharp {
  const background = { ...plan.background, alpha: plan.transparent ? 0 : 1 }
  return plan.tilt !== 0 ? image.rotate(plan.tilt, { background }) : image
}

/** Lays layers over pixels. Of half transparent pixels close to them, libvips may round the colours another way. */
export function lay(image: Sharp, layers: readonly Layer[], { opaque }: OverlayPlan): Sharp {
  if (layers.length === 0) return image
  const laid = image.composite(
    layers.map(({ data, width, height, x, y }) => ({
      input: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
      raw: { width, height, channels: 4 },
      limitInputPixels: false,
      left: x,
      top: y,
    })),
  )
  return opaque ? laid.removeAlpha() : laid
}

/** Chooses the colours. The threshold comes after everything that could make new greys. */
export function paint(image: Sharp, { colour }: RenderPlan): Sharp {
  if (colour === 'rgb') return image.toColourspace('srgb')
  const gray = image.grayscale().toColourspace('b-w')
  return colour === 'bitonal' ? gray.threshold(128) : gray
}

/** Tells the encoder. */
export function encode(image: Sharp, encoding: Encoding): Sharp {
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
      return image.gif({ effort: encoding.effort })
    case 'avif':
      return image.avif({
        quality: encoding.quality,
        effort: encoding.effort,
        lossless: encoding.lossless,
        chromaSubsampling: encoding.lossless ? '4:4:4' : '4:2:0',
      })
  }
}
