/* How results are scaled and written: the options, checked once when a service is made. */

/** An opaque colour; samples from 0 to 255. */
export interface Colour {
  /** Red. */
  readonly r: number
  /** Green. */
  readonly g: number
  /** Blue. */
  readonly b: number
}

const subsamplings = ['4:2:0', '4:4:4'] as const
const compressions = ['lzw', 'deflate', 'none'] as const

/** The kernels that an image can be made smaller with. */
export type Kernel = 'nearest' | 'cubic' | 'mitchell' | 'lanczos2' | 'lanczos3'

const kernels: readonly [Kernel, ...Kernel[]] = ['nearest', 'cubic', 'mitchell', 'lanczos2', 'lanczos3']

/** How JPEG is written. */
export interface JpgOptions {
  /** From 1 to 100. @defaultValue 85, where scans of paper and paint show no ringing yet */
  readonly quality?: number
  /** Whether the image comes in passes; costs about twice the time. @defaultValue false */
  readonly progressive?: boolean
  /** The resolution of the colours: halved or full. @defaultValue '4:2:0' */
  readonly chromaSubsampling?: (typeof subsamplings)[number]
  /** Whether Huffman tables are made for each image: 5 % smaller, half again the time. @defaultValue false */
  readonly optimiseCoding?: boolean
}

/** How PNG is written. */
export interface PngOptions {
  /** From 0 to 9. @defaultValue 3, which is 8 % larger than 6 in a third of its time */
  readonly compressionLevel?: number
}

/** How WebP is written. */
export interface WebpOptions {
  /** From 1 to 100. @defaultValue 80 */
  readonly quality?: number
  /** From 0, the fastest, to 6. @defaultValue 2, as small as 4 in less than half of its time */
  readonly effort?: number
  /** Whether every pixel is kept. @defaultValue false */
  readonly lossless?: boolean
}

/** How TIFF is written: always without loss. */
export interface TifOptions {
  /** The compression. @defaultValue 'lzw' */
  readonly compression?: (typeof compressions)[number]
}

/** How AVIF is written. */
export interface AvifOptions {
  /** From 1 to 100. @defaultValue 50, which looks like 80 in JPEG */
  readonly quality?: number
  /** From 0, the fastest, to 9. @defaultValue 2, as small as 4 in a tenth of its time */
  readonly effort?: number
}

/** How results are scaled and written. */
export interface EncodeOptions {
  /** JPEG. */
  readonly jpg?: JpgOptions
  /** PNG. */
  readonly png?: PngOptions
  /** WebP. */
  readonly webp?: WebpOptions
  /** TIFF. */
  readonly tif?: TifOptions
  /** AVIF. */
  readonly avif?: AvifOptions
  /** What shows where nothing is, in formats without alpha: `#rgb` or `#rrggbb`. @defaultValue '#ffffff' */
  readonly background?: string
  /** The kernel for making smaller. @defaultValue 'lanczos3' */
  readonly kernel?: Kernel
  /**
   * When stored tiles are sent as they are, cut or joined, which costs a hundredth of encoding anew: `always`,
   * `whenUnspecified` (unless there are options for their format here) or `never`. @defaultValue 'whenUnspecified'
   */
  readonly storedTiles?: StoredTiles
}

/** When stored tiles are sent as they are. */
export type StoredTiles = 'always' | 'whenUnspecified' | 'never'

/** {@link EncodeOptions}, checked and complete. */
export interface ResolvedEncodeOptions {
  /** JPEG. */
  readonly jpg: Required<JpgOptions>
  /** PNG. */
  readonly png: Required<PngOptions>
  /** WebP. */
  readonly webp: Required<WebpOptions>
  /** TIFF. */
  readonly tif: Required<TifOptions>
  /** AVIF. */
  readonly avif: Required<AvifOptions>
  /** The colour of what is not there. */
  readonly background: Colour
  /** The kernel for making smaller. */
  readonly kernel: Kernel
  /** The formats whose stored tiles are sent as they are. */
  readonly storedFormats: readonly ('jpg' | 'webp')[]
}

type Check<T> = (value: unknown, name: string) => T

const group = (value: unknown, name: string, allowed: readonly string[]): Record<string, unknown> => {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null) throw mismatch(name, 'an object', value)
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) throw new TypeError(`${name}.${key}: there is no such option`)
  }
  return value as Record<string, unknown>
}

const integer =
  (low: number, high: number, fallback: number): Check<number> =>
  (value = fallback, name) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value
    throw mismatch(name, `a whole number from ${low} to ${high}`, value)
  }

const flag: Check<boolean> = (value = false, name) => {
  if (typeof value === 'boolean') return value
  throw mismatch(name, 'true or false', value)
}

const oneOf =
  <T extends string>(values: readonly [T, ...T[]], fallback: T): Check<T> =>
  (value = fallback, name) => {
    const found = values.find(item => item === value)
    if (found === undefined) throw mismatch(name, `one of ${values.join(', ')}`, value)
    return found
  }

const colour: Check<Colour> = (value = '#ffffff', name) => {
  const hex =
    typeof value === 'string' ? /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.exec(value)?.[0].slice(1) : undefined
  if (hex === undefined) throw mismatch(name, 'a colour as #rgb or #rrggbb', value)
  const digits = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex
  const sample = (at: number) => Number.parseInt(digits.slice(at, at + 2), 16)
  return { r: sample(0), g: sample(2), b: sample(4) }
}

const table = {
  jpg: {
    quality: integer(1, 100, 85),
    progressive: flag,
    chromaSubsampling: oneOf(subsamplings, '4:2:0'),
    optimiseCoding: flag,
  },
  png: { compressionLevel: integer(0, 9, 3) },
  webp: { quality: integer(1, 100, 80), effort: integer(0, 6, 2), lossless: flag },
  tif: { compression: oneOf(compressions, 'lzw') },
  avif: { quality: integer(1, 100, 50), effort: integer(0, 9, 2) },
}

/**
 * Checks the options and fills in what is missing.
 *
 * @throws TypeError that names the option, what was expected and what was received.
 */
export function resolveEncodeOptions(options: EncodeOptions = {}): ResolvedEncodeOptions {
  const given = group(options, 'encode', [...Object.keys(table), 'background', 'kernel', 'storedTiles'])
  return Object.freeze({
    jpg: checkGroup(given, 'jpg'),
    png: checkGroup(given, 'png'),
    webp: checkGroup(given, 'webp'),
    tif: checkGroup(given, 'tif'),
    avif: checkGroup(given, 'avif'),
    background: Object.freeze(colour(given.background, 'encode.background')),
    kernel: oneOf(kernels, 'lanczos3')(given.kernel, 'encode.kernel'),
    storedFormats: listStoredFormats(options),
  })
}

const storedTiles: readonly [StoredTiles, ...StoredTiles[]] = ['always', 'whenUnspecified', 'never']

function listStoredFormats(options: EncodeOptions): ResolvedEncodeOptions['storedFormats'] {
  const when = oneOf(storedTiles, 'whenUnspecified')(options.storedTiles, 'encode.storedTiles')
  if (when === 'never') return []
  return (['jpg', 'webp'] as const).filter(format => when === 'always' || options[format] === undefined)
}

type Checked<K extends keyof typeof table> = {
  readonly [P in keyof (typeof table)[K]]: (typeof table)[K][P] extends Check<infer T> ? T : never
}

function checkGroup<K extends keyof typeof table>(given: Record<string, unknown>, key: K): Checked<K> {
  const name = `encode.${key}`
  const checks: Record<string, Check<unknown>> = table[key]
  const values = group(given[key], name, Object.keys(checks))
  const checked = Object.entries(checks).map(([option, check]) => [
    option,
    check(values[option], `${name}.${option}`),
  ])
  return Object.freeze(Object.fromEntries(checked))
}

function mismatch(name: string, expected: string, received: unknown): TypeError {
  return new TypeError(
    `${name}: expected ${expected} but received ${JSON.stringify(received) ?? String(received)}`,
  )
}
