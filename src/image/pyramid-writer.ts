/* Writes pyramids: TIFF with tiles at every power of two, which is what a IIIF server answers from with the least work.
   libvips reads the source once, from top to bottom, and holds a few rows of it. */
import { realpath, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isIIIFError, ToolError } from '../errors.js'
import { throwIfAborted, toSourceFailure } from './failure.js'
import { readFrom } from './local-file.js'
import { hasMark } from './pyramid/metadata.js'
import { codeOf, createWorkshop, exists, moveFinished, sweepWorkshops } from './pyramid/part-file.js'
import {
  type Compared,
  type Comparison,
  comparePyramid,
  isWithin,
  listServedLevels,
} from './pyramid-check.js'
import { encodePyramid, type Watching } from './pyramid-encode.js'
import { type PyramidOptions, resolvePyramidOptions } from './pyramid-options.js'
import { type PyramidPlan, planPyramid } from './pyramid-plan.js'
import { carryMetadata, openInput } from './pyramid-source.js'
import { stagePixels, stageShare } from './pyramid-stage.js'

/** How a pyramid is written, and who hears of it. */
export interface WritePyramidOptions extends PyramidOptions, Watching {
  /** Whether a file that is there is replaced. @defaultValue false */
  readonly force?: boolean
  /** Whether what killed runs have left in the folder of the output is removed first. @defaultValue true */
  readonly sweep?: boolean
  /**
   * Whether the pixels are compared with those of the source before the file gets its name; how far they may be apart on
   * average, from 0 to 255, or `auto`: 5 for JPEG and WebP, 0 for deflate. It takes about as long as writing, and as much
   * disk space as the pixels.
   * @defaultValue false
   */
  readonly check?: number | 'auto' | false
}

/** A pyramid that was written. */
export interface WrittenPyramid {
  /** What it is. */
  readonly plan: PyramidPlan
  /** How many bytes it has. */
  readonly bytes: number
  /** Whether honeydew sends the tiles of all levels as they are stored. */
  readonly isServedAsStored: boolean
  /** How far its pixels are from those of the source, where that was asked for. */
  readonly comparison?: Comparison
  /** What the user should know: what is lost, and why. */
  readonly notes: readonly string[]
}

/** The output cannot be written; the message says what is in the way. */
export class OutputError extends ToolError {}

/** The pyramid is not close enough to its source. */
export class ComparisonError extends ToolError {
  /** How far they are apart. */
  readonly comparison: Comparison

  constructor(comparison: Comparison, bound: number) {
    const [mean, tile] = [comparison.mean, comparison.worstTile].map(value => value.toFixed(2))
    super(`The pixels are ${mean} from those of the source, in one tile ${tile}; ${bound} is allowed.`)
    this.comparison = comparison
  }
}

/**
 * Writes the pyramid of an image file. The file appears under its name when it is whole, and not before.
 *
 * Orientation: the pixels are turned upright, because turned tiles cannot be sent as they are stored. The profile is
 * kept, or what was in it is brought to sRGB; Exif, XMP and IPTC are carried over.
 *
 * @param input - the path of an image of any kind that honeydew reads
 * @param output - the path of the TIFF
 * @throws {@link OutputError} where the output exists, is the input, or cannot be written.
 * @throws {@link SourceError} where the input is damaged, too large, or no image.
 * @throws {@link ComparisonError} where the pixels are farther from those of the source than `check` allows.
 * @throws {@link AbortedError} where the signal was given.
 * @throws TypeError that names the option.
 */
export async function writePyramid(
  input: string,
  output: string,
  options: WritePyramidOptions = {},
): Promise<WrittenPyramid> {
  const settings = resolvePyramidOptions(options)
  const { force = false, sweep = true, signal } = options
  await requireFree(input, output, force)
  const image = await openInput(input)
  const plan = planPyramid(image.metadata, image.description.pages, settings)
  throwIfAborted(signal)
  if (sweep) await sweepWorkshops(dirname(resolve(output)))
  const workshop = await createWorkshop(output).catch((cause: unknown) => {
    throw toOutputFailure(cause)
  })
  try {
    const part = join(workshop.path, 'pyramid.tif')
    const source = { path: image.path, format: image.description.format, plan }
    const staged = await stagePixels(source, workshop.path, options)
    await encodePyramid(staged, part, afterStage(staged !== source, options))
    const notes = await carryMetadata(image, plan, part)
    const served = await listServedLevels(part)
    const compared = { image: staged, pyramid: part, workshop: workshop.path }
    const comparison = await check(compared, options)
    throwIfAborted(signal)
    await moveFinished(part, output, force)
    options.onProgress?.(1)
    const isServedAsStored = served.every(Boolean)
    return {
      plan,
      bytes: (await stat(output)).size,
      isServedAsStored,
      ...(comparison ? { comparison } : {}),
      notes: [...plan.notes, ...notes, ...explainServed(plan, isServedAsStored)],
    }
  } catch (error) {
    throw toOutputFailure(error)
  } finally {
    await workshop.remove()
  }
}

/** Whether a file is a pyramid that was made here: no original of somebody's. */
export function isOwnPyramid(path: string): Promise<boolean> {
  return hasMark((offset, length) => readFrom(path, offset, length)).catch(() => false)
}

/* The work after the first of two files is the second half. */
function afterStage(isStaged: boolean, { onProgress, signal }: WritePyramidOptions): Watching {
  if (!isStaged || !onProgress) return { onProgress, signal }
  return { onProgress: part => onProgress(stageShare + (1 - stageShare) * part), signal }
}

async function check(
  compared: Compared,
  { check: wanted = false, signal }: WritePyramidOptions,
): Promise<Comparison | undefined> {
  if (wanted === false) return undefined
  const automatic = compared.image.plan.compression === 'deflate' ? 0 : 5
  const bound = wanted === 'auto' ? automatic : wanted
  const comparison = await comparePyramid(compared, { signal })
  if (!isWithin(comparison, bound)) throw new ComparisonError(comparison, bound)
  return comparison
}

function explainServed({ compression, profile }: PyramidPlan, isServed: boolean): string[] {
  if (isServed || compression === 'deflate') return []
  return profile === 'keep'
    ? [
        'its ICC profile is too large to be sent with each tile: the profile srgb would make it faster to serve',
      ]
    : ['its tiles cannot be sent as they are stored']
}

async function requireFree(input: string, output: string, force: boolean): Promise<void> {
  const [one, two] = await Promise.all([input, output].map(path => realpath(path).catch(() => undefined)))
  if (one !== undefined && one === two) throw new OutputError('The output is the input.')
  if (!force && (await exists(output))) throw new OutputError('The output exists.')
}

/* What libvips and the system say about the file that is written, told apart from what is wrong with the image. */
function toOutputFailure(cause: unknown): Error {
  if (isIIIFError(cause) || cause instanceof ToolError) return cause
  const text = cause instanceof Error ? cause.message : ''
  const code = codeOf(cause)
  if (code === 'EEXIST') return new OutputError('The output exists.', { cause })
  if (code === 'ENOENT') return new OutputError('The folder of the output does not exist.', { cause })
  if (code === 'ENOSPC' || /No space left|write failed|error while writing/i.test(text)) {
    return new OutputError('The output cannot be written: the disk may be full.', { cause })
  }
  if (code !== undefined) return new OutputError(`The output cannot be written: ${code}.`, { cause })
  return toSourceFailure(cause)
}
