/* The options of pyramids: checked once, complete afterwards. */

const compressions = ['auto', 'jpeg', 'webp', 'deflate'] as const
const bigTiffs = ['auto', 'always', 'never'] as const
const profiles = ['keep', 'srgb'] as const

/** How a pyramid is written. */
export interface PyramidOptions {
  /**
   * How tiles are stored. `jpeg` and `webp` lose a little and are sent to viewers as they are; `deflate` loses nothing
   * and is decoded for each tile.
   * @defaultValue 'auto': JPEG, or WebP where there is transparency, which JPEG does not have
   */
  readonly compression?: (typeof compressions)[number]
  /** The quality of JPEG and WebP, from 1 to 100; from 90 on JPEG keeps all colours. @defaultValue 85 */
  readonly quality?: number
  /** The side of the tiles in pixels: a multiple of 16, from 64 to 4096. @defaultValue 512 */
  readonly tile?: number
  /** Whether the file is a BigTIFF. @defaultValue 'auto': where it may grow beyond 4 GiB, which other files cannot */
  readonly bigtiff?: (typeof bigTiffs)[number]
  /**
   * Whether the colours stay in the profile of the source, or are brought to sRGB; a profile of more than 4096 bytes
   * keeps tiles from being sent as they are. Colours that a compression cannot hold (CMYK, Lab) are brought to sRGB.
   * @defaultValue 'keep'
   */
  readonly profile?: (typeof profiles)[number]
  /** The largest source, in pixels; it bounds time and, of turned images, disk space. @defaultValue 1,000,000,000 */
  readonly maxInputPixels?: number
}

/** {@link PyramidOptions}, checked and complete. */
export type ResolvedPyramidOptions = Required<PyramidOptions>

/** Checks the options of a pyramid. @throws TypeError that names the option. */
export function resolvePyramidOptions(options: PyramidOptions = {}): ResolvedPyramidOptions {
  const { quality = 85, tile = 512, maxInputPixels = 1_000_000_000 } = options
  requireWhole('quality', quality, 1, 100)
  requireWhole('tile', tile, 64, 4096)
  if (tile % 16 !== 0) throw new TypeError(`tile: expected a multiple of 16 but received ${tile}`)
  if (!(maxInputPixels >= 1)) {
    throw new TypeError(`maxInputPixels: expected a number above 0 but received ${maxInputPixels}`)
  }
  return {
    compression: requireOne('compression', options.compression ?? 'auto', compressions),
    quality,
    tile,
    bigtiff: requireOne('bigtiff', options.bigtiff ?? 'auto', bigTiffs),
    profile: requireOne('profile', options.profile ?? 'keep', profiles),
    maxInputPixels,
  }
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new TypeError(`${name}: expected a whole number from ${least} to ${most} but received ${value}`)
}

function requireOne<T extends string>(name: string, value: T, values: readonly T[]): T {
  if (values.includes(value)) return value
  throw new TypeError(`${name}: expected ${values.join(', ')} but received ${String(value)}`)
}
