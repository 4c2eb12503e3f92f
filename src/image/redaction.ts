/* Parts of an image that are never shown: what a host may say of them, checked and made ready. How much of a part can be
   seen is decided here and nowhere else; where its pixels are, redaction-plan.ts says. */
import { SourceError } from '../errors.js'
import type { Box, Dimensions } from '../protocol/geometry.js'
import { type Colour, checkGroup, colour, integer, mismatch, number, oneOf } from './check.js'
import { digest } from './digest.js'

/** How a redaction looks. */
export type RedactionStyle =
  | {
      /** A plain surface, which shows nothing of what is under it. */
      readonly kind: 'fill'
      /** The colour: `#rgb` or `#rrggbb`. @defaultValue '#000000' */
      readonly colour?: string
    }
  | {
      /**
       * A few large squares, or the same squares run into each other. They show the mean colours of what is under them,
       * in eight steps a channel, and not a bit more at any size, region or level. That hides a face from being
       * recognised at sight; it does not hide which of a few known texts, numbers or pictures is there: fill those.
       */
      readonly kind: 'pixelate' | 'blur'
      /** The most squares along the longer side, each at least 16 pixels of the image wide. @defaultValue 6, at most 8 */
      readonly cells?: number
    }

/** A rectangle of an image that is not shown, in pixels of the full upright image. */
export interface RedactionOptions {
  /** From the left edge. Fractions are rounded outwards. */
  readonly x: number
  /** From the top edge. */
  readonly y: number
  /** The width, above 0. */
  readonly width: number
  /** The height, above 0. */
  readonly height: number
  /** How it looks. @defaultValue a black surface */
  readonly style?: RedactionStyle
}

/** {@link RedactionStyle}, checked and complete. */
export type ResolvedStyle =
  | { readonly kind: 'fill'; readonly colour: Colour }
  | { readonly kind: 'pixelate' | 'blur'; readonly cells: number }

/** {@link RedactionOptions}, checked; inside the image and in whole pixels. */
export interface Redaction {
  /** The rectangle, in pixels of the full upright image. */
  readonly box: Box
  /** How it looks. */
  readonly style: ResolvedStyle
}

/** What of one image is not shown. */
export interface Redactions {
  /** The upright image that the rectangles are meant for. */
  readonly image: Dimensions
  /** The rectangles, at least one, in the order in which they are painted: surfaces over everything else. */
  readonly list: readonly Redaction[]
  /** A digest of it all, for keys of caches and ETags. */
  readonly key: string
}

const maxRedactions = 1000
const coordinate = number(-(2 ** 31), 2 ** 31)
const side = number(Number.MIN_VALUE, 2 ** 32)
const kinds = ['fill', 'pixelate', 'blur'] as const

/**
 * Checks the rectangles of an image that are not shown; `undefined` where there are none.
 *
 * @param image - the upright size of the image
 * @throws TypeError that names what is not valid. Whoever asked for the rectangles must not show the image then.
 * @throws {@link SourceError} when a rectangle lies outside the image altogether: it was meant for another.
 */
export function resolveRedactions(
  list: readonly RedactionOptions[],
  image: Dimensions,
): Redactions | undefined {
  if (!Array.isArray(list)) throw mismatch('redactions', 'a list of rectangles', list)
  if (list.length > maxRedactions) {
    throw new TypeError(
      `redactions: expected at most ${maxRedactions} rectangles but received ${list.length}`,
    )
  }
  if (list.length === 0) return undefined
  const size = { width: image.width, height: image.height }
  const all = list.map((item, at) => resolveRedaction(item, size, `redactions[${at}]`))
  const isSurface = ({ style }: Redaction) => style.kind === 'fill'
  const ordered = [...all.filter(item => !isSurface(item)), ...all.filter(isSurface)]
  return Object.freeze({ image: size, list: ordered, key: digest(size, ordered) })
}

function resolveRedaction(value: RedactionOptions, image: Dimensions, name: string): Redaction {
  const given = checkGroup(value ?? null, name, ['x', 'y', 'width', 'height', 'style'])
  const x = coordinate(given.x, `${name}.x`)
  const y = coordinate(given.y, `${name}.y`)
  const right = x + side(given.width, `${name}.width`)
  const bottom = y + side(given.height, `${name}.height`)
  const left = Math.max(0, Math.floor(x))
  const top = Math.max(0, Math.floor(y))
  const width = Math.min(image.width, Math.ceil(right)) - left
  const height = Math.min(image.height, Math.ceil(bottom)) - top
  if (width <= 0 || height <= 0) throw redactionFailed(new RangeError(`${name}: it lies outside the image`))
  return { box: { x: left, y: top, width, height }, style: resolveStyle(given.style, `${name}.style`) }
}

function resolveStyle(value: unknown, name: string): ResolvedStyle {
  const given = checkGroup(value, name, ['kind', 'colour', 'cells'])
  const kind = oneOf(kinds, value === undefined ? 'fill' : undefined)(given.kind, `${name}.kind`)
  if (kind === 'fill') {
    checkGroup(value, name, ['kind', 'colour'])
    return { kind, colour: colour('#000000')(given.colour, `${name}.colour`) }
  }
  checkGroup(value, name, ['kind', 'cells'])
  return { kind, cells: integer(1, 8, 6)(given.cells, `${name}.cells`) }
}

/** The error for an image of which something must be covered that cannot be; it says nothing of what or where. */
export function redactionFailed(cause: unknown): SourceError {
  return new SourceError(500, 'redaction-failed', 'A part of the image must be covered, and cannot be.', {
    cause,
  })
}
