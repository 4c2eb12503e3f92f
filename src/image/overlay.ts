/* What is laid over images: what a host may ask for, checked and made ready. Where it comes to lie, overlay-plan.ts says. */
import type { ImageSource } from '../contracts.js'
import { SourceError } from '../errors.js'
import { type Colour, checkGroup, colour, flag, integer, mismatch, number, oneOf } from './check.js'
import { digest } from './digest.js'
import { createImageOverlay } from './overlay-image.js'

/**
 * Where an overlay lies: at one of nine places, repeated all over, or in the middle and as large as it can be.
 */
export type OverlayPosition =
  | 'top-left'
  | 'top'
  | 'top-right'
  | 'left'
  | 'center'
  | 'right'
  | 'bottom-left'
  | 'bottom'
  | 'bottom-right'
  | 'repeat'
  | 'scaled'

const positions: readonly [OverlayPosition, ...OverlayPosition[]] = [
  'top-left',
  'top',
  'top-right',
  'left',
  'center',
  'right',
  'bottom-left',
  'bottom',
  'bottom-right',
  'repeat',
  'scaled',
]

/** Where and when an overlay is laid over an image. */
export interface OverlayPlacement {
  /**
   * What lengths and positions refer to. `output`: the response, in its pixels; every tile and every region has the
   * overlay, upright whatever the rotation. `image`: the whole upright image, in the pixels of its full size; every
   * response shows the part that falls into it, scaled, mirrored and turned as the image is, so that tiles join
   * without seams, and no choice of regions leaves it out.
   * @defaultValue 'output'
   */
  readonly relativeTo?: 'output' | 'image'
  /** Where it lies. @defaultValue 'bottom-right' */
  readonly position?: OverlayPosition
  /** How far it stays from the edges; with `repeat`, also how far copies are apart. @defaultValue 0 */
  readonly inset?: number
  /** From 0, which is invisible, to 1. @defaultValue 1 */
  readonly opacity?: number
  /**
   * The width, in pixels, from which on images have the overlay: that of the response, or, relative to the image, that of
   * the whole image at the size of the response, because tiles of one size must all have it or none.
   * @defaultValue 0
   */
  readonly minWidth?: number
  /** The height from which on images have the overlay, as `minWidth`. @defaultValue 0 */
  readonly minHeight?: number
}

/** An image that is laid over images. */
export interface ImageOverlayOptions extends OverlayPlacement {
  /** An image. */
  readonly kind: 'image'
  /**
   * The path of a file, its bytes, or a source, such as what `httpSource` finds under its policy; in any format that is
   * read, SVG included; at most 10 MiB and 16 million pixels. A file that is replaced is laid over images from then on; a
   * source is what it was when it was resolved, and no two sources with different bytes may have one version.
   * One pixel of it is one pixel of what lengths refer to; where it is larger than that, it is made smaller.
   */
  readonly image: string | Uint8Array | ImageSource
}

/** The line around letters. */
export interface OverlayStroke {
  /** The colour: `#rgb` or `#rrggbb`. @defaultValue '#000000' */
  readonly colour?: string
  /** The width outside the letters; 0 is none. @defaultValue 1 */
  readonly width?: number
}

/** Text that is laid over images. */
export interface TextOverlayOptions extends OverlayPlacement {
  /** Text. */
  readonly kind: 'text'
  /** At most 1000 characters; line feeds break lines. Nothing in it is markup. */
  readonly text: string
  /** The name of a font family that fontconfig finds on this machine, or several. @defaultValue 'sans-serif' */
  readonly font?: string
  /** Whether the font is bold. @defaultValue false */
  readonly bold?: boolean
  /** The size of the font, where there is room for it. @defaultValue 24 */
  readonly size?: number
  /**
   * The size that text may shrink to where there is no room. What does not fit even then is cut off, not left out: a
   * small region must not be a way around the overlay. @defaultValue half of `size`
   */
  readonly minSize?: number
  /** The colour: `#rgb` or `#rrggbb`. @defaultValue '#ffffff' */
  readonly colour?: string
  /** The line around letters. @defaultValue black, one pixel wide */
  readonly stroke?: OverlayStroke
  /** The colour of the surface behind the text. @defaultValue none */
  readonly background?: string
  /** Whether lines that are too long are broken between words, before text is made smaller. @defaultValue false */
  readonly wrap?: boolean
}

/** What is laid over images. */
export type OverlayOptions = ImageOverlayOptions | TextOverlayOptions

/** {@link OverlayPlacement}, checked and complete. */
export type ResolvedPlacement = Required<OverlayPlacement>

/** {@link ImageOverlayOptions}, checked and complete. */
export interface ImageOverlay extends ResolvedPlacement {
  readonly kind: 'image'
  readonly image: string | Uint8Array | ImageSource
  /** A digest of the options, and of the bytes, the state of the file or the version of the source. */
  readonly key: string
}

/** How text is drawn. */
export interface TextStyle {
  readonly font: string
  readonly bold: boolean
  readonly colour: Colour
  readonly stroke: { readonly colour: Colour; readonly width: number }
  readonly background?: Colour
}

/** {@link TextOverlayOptions}, checked and complete. */
export interface TextOverlay extends ResolvedPlacement {
  readonly kind: 'text'
  readonly lines: readonly string[]
  readonly style: TextStyle
  readonly size: number
  readonly minSize: number
  readonly wrap: boolean
  /** A digest of the options: for keys of caches and ETags. */
  readonly key: string
}

/** {@link OverlayOptions}, checked and complete. */
export type Overlay = ImageOverlay | TextOverlay

const placementNames = ['kind', 'relativeTo', 'position', 'inset', 'opacity', 'minWidth', 'minHeight']
const textNames = ['text', 'font', 'bold', 'size', 'minSize', 'colour', 'stroke', 'background', 'wrap']
const maxLength = 1_000_000
const maxFontSize = 10_000
const maxCharacters = 1000

/**
 * Checks what is to be laid over an image. A file is looked up, not read: that costs one system call.
 *
 * @throws TypeError that names the option, what was expected and what was received.
 */
export function resolveOverlay(options: OverlayOptions): Overlay {
  const kind = oneOf(['image', 'text'])((options as unknown as Partial<typeof options>)?.kind, 'overlay.kind')
  const names = kind === 'image' ? ['image'] : textNames
  const given = checkGroup(options, 'overlay', [...placementNames, ...names])
  const placement: ResolvedPlacement = {
    relativeTo: oneOf(['output', 'image'], 'output')(given.relativeTo, 'overlay.relativeTo'),
    position: oneOf(positions, 'bottom-right')(given.position, 'overlay.position'),
    inset: number(0, maxLength, 0)(given.inset, 'overlay.inset'),
    opacity: number(0, 1, 1)(given.opacity, 'overlay.opacity'),
    minWidth: integer(0, maxLength, 0)(given.minWidth, 'overlay.minWidth'),
    minHeight: integer(0, maxLength, 0)(given.minHeight, 'overlay.minHeight'),
  }
  return kind === 'image' ? createImageOverlay(given.image, placement) : resolveText(given, placement)
}

function resolveText(given: Record<string, unknown>, placement: ResolvedPlacement): TextOverlay {
  const size = number(1, maxFontSize, 24)(given.size, 'overlay.size')
  const stroke = checkGroup(given.stroke, 'overlay.stroke', ['colour', 'width'])
  const style: TextStyle = {
    font: checkFont(given.font),
    bold: flag(false)(given.bold, 'overlay.bold'),
    colour: colour('#ffffff')(given.colour, 'overlay.colour'),
    stroke: {
      colour: colour('#000000')(stroke.colour, 'overlay.stroke.colour'),
      width: number(0, maxFontSize, 1)(stroke.width, 'overlay.stroke.width'),
    },
    ...(given.background === undefined
      ? {}
      : { background: colour('#000000')(given.background, 'overlay.background') }),
  }
  const text = {
    lines: checkText(given.text),
    style,
    size,
    minSize: number(1, size, Math.max(1, size / 2))(given.minSize, 'overlay.minSize'),
    wrap: flag(false)(given.wrap, 'overlay.wrap'),
  }
  return Object.freeze({ kind: 'text', ...placement, ...text, key: digest('text', placement, text) })
}

/* Names of families, as CSS and fontconfig both read them: no syntax of either. */
function checkFont(font: unknown = 'sans-serif'): string {
  if (typeof font === 'string' && /^[\p{L}\p{N}][\p{L}\p{N} ,_-]{0,199}$/u.test(font)) return font
  throw mismatch('overlay.font', 'the name of a font family, or several with commas', font)
}

function checkText(text: unknown): readonly string[] {
  if (typeof text !== 'string' || text.trim() === '' || text.length > maxCharacters) {
    throw mismatch('overlay.text', `a text of at most ${maxCharacters} characters`, text)
  }
  // XML can hold no control characters and no halves of surrogate pairs, written out or escaped.
  const lines = text.toWellFormed().split(/\r\n|[\n\r\u2028\u2029]/)
  return lines.map(line =>
    line
      .replace(/\t/g, ' ')
      .replace(/[\p{Cc}\ufffe\uffff]/gu, '')
      .trimEnd(),
  )
}

/** The error for an image that must not be shown without its overlay; it says nothing of what that is. */
export function overlayFailed(cause: unknown): SourceError {
  return new SourceError(500, 'overlay-failed', 'What must be laid over the image cannot be made.', { cause })
}
