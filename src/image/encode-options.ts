/* How results are scaled and written: the options, checked once when a service is made. */

import { type Check, type Colour, checkGroup, colour, flag, integer, oneOf } from './check.js'

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

/** How GIF is written: with at most 256 colours. */
export interface GifOptions {
  /** From 1, the fastest, to 10. @defaultValue 3, 12 % larger than 7 in an eighth of its time */
  readonly effort?: number
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
  /** GIF. */
  readonly gif?: GifOptions
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
  /**
   * Whether a source is sent as it is, byte by byte, where exactly that is asked for: the whole image in its own size and
   * format. It then has its metadata, and limits do not bind it, because there is no work. @defaultValue true
   */
  readonly sendSource?: boolean
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
  /** GIF. */
  readonly gif: Required<GifOptions>
  /** AVIF. */
  readonly avif: Required<AvifOptions>
  /** The colour of what is not there. */
  readonly background: Colour
  /** The kernel for making smaller. */
  readonly kernel: Kernel
  /** The formats whose stored tiles are sent as they are. */
  readonly storedFormats: readonly ('jpg' | 'webp')[]
  /** Whether a source is sent as it is where exactly that is asked for. */
  readonly sendSource: boolean
}

const table = {
  jpg: {
    quality: integer(1, 100, 85),
    progressive: flag(false),
    chromaSubsampling: oneOf(subsamplings, '4:2:0'),
    optimiseCoding: flag(false),
  },
  png: { compressionLevel: integer(0, 9, 3) },
  webp: { quality: integer(1, 100, 80), effort: integer(0, 6, 2), lossless: flag(false) },
  tif: { compression: oneOf(compressions, 'lzw') },
  gif: { effort: integer(1, 10, 3) },
  avif: { quality: integer(1, 100, 50), effort: integer(0, 9, 2) },
}

const otherNames = ['background', 'kernel', 'storedTiles', 'sendSource']

/**
 * Checks the options and fills in what is missing.
 *
 * @throws TypeError that names the option, what was expected and what was received.
 */
export function resolveEncodeOptions(options: EncodeOptions = {}): ResolvedEncodeOptions {
  const given = checkGroup(options, 'encode', [...Object.keys(table), ...otherNames])
  return Object.freeze({
    jpg: checkFormat(given, 'jpg'),
    png: checkFormat(given, 'png'),
    webp: checkFormat(given, 'webp'),
    tif: checkFormat(given, 'tif'),
    gif: checkFormat(given, 'gif'),
    avif: checkFormat(given, 'avif'),
    background: colour('#ffffff')(given.background, 'encode.background'),
    kernel: oneOf(kernels, 'lanczos3')(given.kernel, 'encode.kernel'),
    storedFormats: listStoredFormats(options),
    sendSource: flag(true)(given.sendSource, 'encode.sendSource'),
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

function checkFormat<K extends keyof typeof table>(given: Record<string, unknown>, key: K): Checked<K> {
  const name = `encode.${key}`
  const checks: Record<string, Check<unknown>> = table[key]
  const values = checkGroup(given[key], name, Object.keys(checks))
  const checked = Object.entries(checks).map(([option, check]) => [
    option,
    check(values[option], `${name}.${option}`),
  ])
  return Object.freeze(Object.fromEntries(checked))
}
