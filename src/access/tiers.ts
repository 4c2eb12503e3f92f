/* Tiers: who sees how much of an image. Declared from those who see least to those who see most; a tier that is granted
   includes all before it. */
import { createHash } from 'node:crypto'
import type { Dimensions } from '../protocol/geometry.js'
import { type LanguageMap, type LanguageText, resolveText } from '../protocol/language.js'
import { type LimitOptions, type Limits, limitNames, resolveLimits } from '../protocol/limits.js'
import { type Names, requireNames } from '../protocol/option-names.js'
import { parseScale, type Shrink } from '../protocol/scale.js'

/** What is different in a tier. `Encode` and `Overlay` are the options of the rooms that make pixels. */
export interface TierOptions<Encode = unknown, Overlay = unknown> {
  /**
   * The largest responses. They bind each response, not what responses add up to: tiles within them still give every
   * pixel. Where people are to see only a small image, `scale` is what holds the rest back.
   * @defaultValue those of the service
   */
  readonly limits?: LimitOptions
  /**
   * As how large an image the image is shown, at every region: a part of it such as `1:4`, or a box that it is fitted
   * into. @defaultValue its whole size
   */
  readonly scale?: string | { readonly maxWidth: number; readonly maxHeight?: number }
  /**
   * How images are written, as far as it is not as the service does: what is said of a format replaces what the service
   * says of it. Tiles that are stored in a format of which something is said are then not sent as they are stored.
   * @defaultValue as the service does
   */
  readonly encode?: Encode
  /** What is laid over images; `false` for nothing. @defaultValue what the service lays over them */
  readonly overlay?: Overlay | false
  /** Whether the redactions of the service are made. @defaultValue true */
  readonly redactions?: boolean
  /**
   * Whether everybody may see this tier, so that shared caches may keep it. @defaultValue false: only the browser of who
   * asked keeps it, and asks again each time
   */
  readonly shared?: boolean
  /** What viewers call the image as this tier shows it. @defaultValue nothing */
  readonly label?: LanguageText
}

/** {@link TierOptions}, checked and complete. */
export interface Tier<Encode = unknown, Overlay = unknown> {
  /** The name. */
  readonly name: string
  /** How much is seen: 0 is the least. */
  readonly rank: number
  /** The limits. */
  readonly limits: Limits
  /** As how large an image the image is shown. */
  readonly shrink?: Shrink
  /** How images are written, where not as the service does. */
  readonly encode?: Encode
  /** What is laid over images, where it is not what the service lays over them; `false` for nothing. */
  readonly overlay?: Overlay | false
  /** Whether the redactions of the service are made. */
  readonly redactions: boolean
  /** Whether shared caches may keep what is sent. */
  readonly shared: boolean
  /** What viewers call the image as this tier shows it. */
  readonly label?: LanguageMap
  /**
   * Whether source bytes may be sent as they are. Not where limits are to bind them too, or where anything is done to
   * pixels.
   */
  readonly passesSource: boolean
  /** Stands for the tier in cache keys, ETags and where work is shared. */
  readonly key: string
}

/** The tiers of a service. */
export interface Tiers<Encode = unknown, Overlay = unknown> {
  /** Their names, the lowest first. */
  readonly names: readonly string[]
  /** The highest: what an identifier without a tier names; `undefined` where there are no tiers. */
  readonly highest: Tier<Encode, Overlay> | undefined
  /** A tier by its name. */
  find(name: string): Tier<Encode, Overlay> | undefined
}

/** What tiers are resolved against. */
export interface TierBase<Encode, Overlay> {
  /** The limits of the service, which each tier changes in part. */
  readonly limits?: LimitOptions
  /** Checks the encoder options of a tier. @throws TypeError that names the option. */
  readonly resolveEncode?: (encode: unknown) => Encode
  /** Checks the overlay of a tier. @throws TypeError that names the option. */
  readonly resolveOverlay?: (overlay: unknown) => Overlay
}

/** Checks tiers. @throws TypeError that names the option. */
export function resolveTiers<Encode = unknown, Overlay = unknown>(
  options: Readonly<Record<string, TierOptions>> = {},
  base: TierBase<Encode, Overlay> = {},
): Tiers<Encode, Overlay> {
  const tiers = new Map<string, Tier<Encode, Overlay>>()
  for (const [name, tier] of Object.entries(options)) {
    // Names like numbers would be put first by JavaScript, wherever they were written.
    if (!/^[A-Za-z][\w-]{0,63}$/.test(name)) {
      throw new TypeError(
        `tiers: expected names of letters, digits, _ and -, but one is ${JSON.stringify(name)}`,
      )
    }
    tiers.set(name, resolveTier(name, tiers.size, tier, base))
  }
  const names = Object.freeze([...tiers.keys()])
  return { names, highest: tiers.get(names.at(-1) ?? ''), find: name => tiers.get(name) }
}

const optionNames: Names<TierOptions> = {
  limits: limitNames,
  scale: true,
  encode: true,
  overlay: true,
  redactions: true,
  shared: true,
  label: true,
}

function resolveTier<Encode, Overlay>(
  name: string,
  rank: number,
  options: TierOptions,
  base: TierBase<Encode, Overlay>,
): Tier<Encode, Overlay> {
  const path = `tiers.${name}`
  if (typeof options !== 'object' || options === null) throw new TypeError(`${path}: expected an object`)
  requireNames(options, optionNames, `${path}.`)
  const { limits, scale, encode, overlay, redactions = true, shared = false, label } = options
  requireFlag(`${path}.redactions`, redactions)
  requireFlag(`${path}.shared`, shared)
  const isPlain = limits === undefined && scale === undefined && encode === undefined && overlay === undefined
  return Object.freeze({
    name,
    rank,
    limits: within(path, () => resolveLimits({ ...base.limits, ...limits })),
    ...(scale !== undefined && { shrink: resolveShrink(`${path}.scale`, scale) }),
    ...(encode !== undefined && {
      encode: within(path, () => (base.resolveEncode ?? identity<Encode>)(encode)),
    }),
    ...(overlay !== undefined && {
      overlay:
        overlay === false ? overlay : within(path, () => (base.resolveOverlay ?? identity<Overlay>)(overlay)),
    }),
    redactions,
    shared,
    ...(label !== undefined && { label: resolveText(label, `${path}.label`) }),
    passesSource: isPlain,
    key: `${name}:${digest([limits, scale, encode, overlay, redactions])}`,
  })
}

function identity<T>(value: unknown): T {
  return value as T
}

function requireFlag(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new TypeError(`${name}: expected true or false but received ${value}`)
}

function resolveShrink(name: string, scale: NonNullable<TierOptions['scale']>): Shrink {
  if (typeof scale === 'string') {
    const parsed = parseScale(scale)
    if (parsed) return parsed
    throw new TypeError(`${name}: expected a part such as "1:4", not above one, but received "${scale}"`)
  }
  const { maxWidth, maxHeight = maxWidth } = scale
  const box: Dimensions = { width: maxWidth, height: maxHeight }
  if (Object.values(box).every(side => Number.isSafeInteger(side) && side > 0)) return box
  throw new TypeError(
    `${name}: expected whole numbers of pixels above 0, but received ${maxWidth}, ${maxHeight}`,
  )
}

/* The rooms name their own options; here the tier comes before them. */
function within<T>(path: string, resolve: () => T): T {
  try {
    return resolve()
  } catch (error) {
    if (error instanceof TypeError) throw new TypeError(`${path}.${error.message}`, { cause: error })
    throw error
  }
}

// Functions and bytes have no place in JSON: what such an overlay makes is told apart by the room that makes it.
function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16)
}
