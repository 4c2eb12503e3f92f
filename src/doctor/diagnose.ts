/* The doctor: what each image is, what it costs to serve, and what would make it cheaper. A bad file is a finding, never
   a failure. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImageSource } from '../contracts.js'
import { isIIIFError, throwIfAborted } from '../errors.js'
import { localFile } from '../image/local-file.js'
import { openReader } from '../image/reader.js'
import { listImages } from '../source/list.js'
import type { CostClass, Diagnosis, RequestCost } from './diagnosis.js'
import { type ImageFacts, readFacts } from './facts.js'
import { chooseRequests, estimateCost, measureCosts } from './measure.js'
import { prescribePyramid } from './prescribe.js'
import { isLarge, listWarnings } from './warnings.js'

/** How images are looked at. */
export interface DiagnoseOptions {
  /** Whether nothing is measured. @defaultValue false */
  readonly quick?: boolean
  /** How long the runs of one request may take together, in seconds. @defaultValue 1 */
  readonly budgetSeconds?: number
  /** When a request is given up, in seconds. @defaultValue 30 */
  readonly timeoutSeconds?: number
  /** Hears of each image before it is looked at. */
  readonly onImage?: (name: string) => void
  /** Ends the work. */
  readonly signal?: AbortSignal
}

/** More decoded pixels than this are much for one request. */
const fairPixels = 4_000_000
/** A thumbnail is scaled from the nearest stored size: from no more than this where there is one for it. */
const fastPixels = 1_200_000

/**
 * Looks at an image, or at all images below a folder.
 *
 * @param place - a file, whatever its name, or a folder; of a folder those that have the names of images
 * @throws {@link SourceError} where a folder cannot be read.
 * @throws {@link AbortedError} where the signal was given.
 */
export async function* diagnose(place: string, options: DiagnoseOptions = {}): AsyncGenerator<Diagnosis> {
  const { signal } = options
  const isFolder = await stat(place).then(
    stats => stats.isDirectory(),
    () => false,
  )
  if (!isFolder) {
    yield await diagnoseFile(place, place, options)
    return
  }
  for await (const name of listImages(place, { ...(signal ? { signal } : {}) })) {
    yield await diagnoseFile(name, join(place, name), options)
    throwIfAborted(signal)
  }
}

async function diagnoseFile(name: string, path: string, options: DiagnoseOptions): Promise<Diagnosis> {
  const { quick = false, budgetSeconds = 1, timeoutSeconds = 30, signal } = options
  options.onImage?.(name)
  let found: Diagnosis = { name, path, warnings: [] }
  try {
    const source = await localFile(path)
    const facts = await readFacts(source)
    const warnings = listWarnings(facts)
    found = { ...found, stored: facts.stored, warnings }
    const requests = chooseRequests(facts.description)
    const estimates = [requests.tile, requests.thumbnail].map(request => estimateCost(request, facts))
    const cost = classify(estimates)
    if (deservesPyramid(cost, facts)) found = { ...found, command: prescribePyramid(path, facts, warnings) }
    await requireServed(source)
    const times = { budgetMs: budgetSeconds * 1000, timeoutMs: timeoutSeconds * 1000, signal }
    const [tile, thumbnail] = quick ? estimates : await measureCosts(source, estimates, times)
    return { ...found, cost, ...(tile && { tile }), ...(thumbnail && { thumbnail }) }
  } catch (error) {
    throwIfAborted(signal)
    return { ...found, problem: describeProblem(error) }
  }
}

/* Opens the image as a service does by default. */
async function requireServed(source: ImageSource): Promise<void> {
  const reader = await openReader(source)
  await reader.close()
}

function classify(costs: readonly RequestCost[]): CostClass {
  const most = Math.max(...costs.map(({ decodedPixels }) => decodedPixels))
  if (most > fairPixels) return 'slow'
  return costs[0]?.way === 'render' || most > fastPixels ? 'fair' : 'fast'
}

/* A small picture in one piece is decoded soon enough, and its pyramid would have one level. One with alpha whose tiles are
   WebP is what a pyramid of it would be: JPEG has no alpha. */
function deservesPyramid(cost: CostClass, { stored, description }: ImageFacts): boolean {
  if (description.hasAlpha && stored.sentAs === 'webp' && stored.levels > 1) return false
  return cost === 'slow' || (cost === 'fair' && isLarge(stored))
}

function describeProblem(error: unknown): NonNullable<Diagnosis['problem']> {
  if (isIIIFError(error)) return { code: error.code, message: error.message }
  return { code: 'internal', message: 'Something went wrong that nobody foresaw.' }
}
