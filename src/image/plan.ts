/* What must be done to stored pixels to answer a request: thought out in full before anything is decoded. A plan is
   plain data, can be printed, and is all that the renderer knows. */
import type { ImageDescription } from '../contracts.js'
import { BadRequestError } from '../errors.js'
import { type Box, type Dimensions, rotateDimensions } from '../protocol/geometry.js'
import type { ResolvedRequest } from '../protocol/resolved.js'
import type { Colour } from './check.js'
import { type Encoding, maxSides, planEncoding } from './encode.js'
import type { Kernel, ResolvedEncodeOptions } from './encode-options.js'
import { failOnOf } from './failure.js'
import { combineTurns, type QuarterAngle, type Sides, turnSides } from './orientation.js'
import type { Overlay } from './overlay.js'
import { type OverlayPlan, planOverlay, type ShownPart } from './overlay-plan.js'
import { planPart } from './part.js'
import type { Redactions } from './redaction.js'
import { planRedaction, type RedactionPlan } from './redaction-plan.js'

/** The steps from stored pixels to the bytes of a response, in the order in which they are done. */
export interface RenderPlan {
  /** The index of the level that the pixels come from. */
  readonly level: number
  /** The part of the level, in its stored pixels. */
  readonly box: Box
  /** Whether the part is all of the level: then it is not cut, and a decoder may shrink while it loads. */
  readonly whole: boolean
  /** What makes the decoder give up. */
  readonly failOn: 'error' | 'warning'
  /** Whether samples have a profile and more than eight bits, which libvips turns into Display P3 on the way. */
  readonly wide: boolean
  /** Whether the source has an orientation of its own, which libvips would repeat in a TIFF of upright pixels. */
  readonly oriented: boolean
  /** Whether alpha is laid onto the background. */
  readonly flatten: boolean
  /** The size to scale to, before anything is turned; none where the part has the size already. */
  readonly resize?: Dimensions
  /** Whether left and right change places. */
  readonly flop: boolean
  /** Degrees clockwise, after the flop: the quarter turns. */
  readonly angle: QuarterAngle
  /** How often the outermost rows and columns are repeated, after the quarter turns. */
  readonly extend?: Sides
  /** Degrees clockwise under 90, in the end: what turns no whole pixels. */
  readonly tilt: number
  /** The colours of the result. */
  readonly colour: 'rgb' | 'gray' | 'bitonal'
  /** Whether the corners that the tilt lays open are transparent; otherwise they have the background's colour. */
  readonly transparent: boolean
  /** The colour of what is not there. */
  readonly background: Colour
  /** The kernel for scaling. */
  readonly kernel: Kernel
  /** The dimensions of the result; after a tilt, to the pixel that rounding may cost. */
  readonly output: Dimensions
  /** What the encoder is told. */
  readonly encoding: Encoding
  /**
   * How long one run of libvips may take, in whole seconds: it looks at the clock when it has done some rows.
   * @defaultValue as long as it takes
   */
  readonly seconds?: number
  /** What is painted over before anything else is done. */
  readonly redaction?: RedactionPlan
  /** What is laid over in the end. */
  readonly overlay?: OverlayPlan
}

/** What covers an image, as far as plans are concerned. */
export interface PlannedCover {
  /** What must not be seen. */
  readonly redactions?: Redactions | undefined
  /** What must be seen. */
  readonly overlay?: Overlay | undefined
  /** As what the image is shown, where it is shown smaller than it is. */
  readonly shown?: ShownPart
}

/**
 * Plans how a request is answered from the stored levels of an image.
 *
 * @throws {@link NotImplementedError} for a format that cannot be written.
 * @param cover - what covers the image; a plan that was made with it must be rendered with it
 * @throws {@link BadRequestError} when the format cannot hold an image of the size.
 */
export function planRender(
  description: ImageDescription,
  request: ResolvedRequest,
  settings: ResolvedEncodeOptions,
  cover: PlannedCover = {},
): RenderPlan {
  const { orientation } = description
  const bitonal = request.quality === 'bitonal'
  const encoding = planEncoding(request.format, bitonal, settings)
  const output = rotateDimensions(request.size, request.rotation.degrees)
  checkSides(encoding, output)
  const turn = combineTurns(orientation, request.rotation)
  const opaque = bitonal || encoding.format === 'jpg'
  const part = planPart(description, request)
  const colour = bitonal ? 'bitonal' : isGray(description, request) ? 'gray' : 'rgb'
  const transparent = !opaque && turn.tilt !== 0
  const hasAlpha = description.hasAlpha && !opaque
  const redaction = cover.redactions && planRedaction(description, cover.redactions, part)
  const overlay =
    cover.overlay &&
    planOverlay(description, request, cover.overlay, {
      output,
      colour,
      hasAlpha,
      transparent,
      shown: cover.shown,
    })
  return {
    level: part.level,
    box: part.box,
    whole: part.whole,
    failOn: failOnOf(description.format),
    wide: description.depth > 8 && description.hasProfile && description.colour === 'rgb',
    oriented: orientation !== 1,
    flatten: description.hasAlpha && opaque,
    ...(part.resize ? { resize: part.resize } : {}),
    ...turn,
    ...(part.extend ? { extend: turnSides(part.extend, turn) } : {}),
    colour,
    transparent,
    background: settings.background,
    kernel: settings.kernel,
    output,
    encoding,
    ...(redaction ? { redaction } : {}),
    ...(overlay ? { overlay } : {}),
  }
}

function isGray(description: ImageDescription, request: ResolvedRequest): boolean {
  return request.quality === 'gray' || description.colour === 'gray'
}

function checkSides({ format }: Encoding, { width, height }: Dimensions): void {
  const most = maxSides[format]
  if (most !== undefined && Math.max(width, height) > most) {
    throw new BadRequestError(
      'over-limit',
      `An image of ${width} × ${height} pixels cannot be written as ${format}; its sides may have ${most} at most.`,
    )
  }
}
