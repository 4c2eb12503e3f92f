/* What a request costs: how many pixels are decoded for it, by the plan of the service; and how long it takes, by asking
   the service, without a cache, several times. */
import type { ImageSource, PyramidLevel } from '../contracts.js'
import { prepareRequest, type Way } from '../process.js'
import type { Box } from '../protocol/geometry.js'
import { type ImageRequest, parseRequest } from '../protocol/request.js'
import { resolveProcessOptions } from '../service/settings.js'
import { createImageService, type ImageService } from '../service.js'
import type { RequestCost } from './diagnosis.js'
import type { ImageFacts } from './facts.js'

/** The side of the tile that is asked for. */
const tileSide = 512
const thumbnailSide = 200
const identifier = 'image'
const maxRuns = 9

/** The requests whose cost is told. */
export interface SampleRequests {
  /** A tile in the middle of the image. */
  readonly tile: string
  /** The whole image, small. */
  readonly thumbnail: string
}

/** How long may be measured. */
export interface MeasureOptions {
  /** How long the runs of one request may take together, in milliseconds; one run is made in any case. */
  readonly budgetMs: number
  /** When a run is given up, in milliseconds. */
  readonly timeoutMs: number
  /** Ends the runs. */
  readonly signal?: AbortSignal | undefined
}

/** Chooses the requests for an image of a size: what a viewer would ask for. */
export function chooseRequests({ width, height }: { width: number; height: number }): SampleRequests {
  const small = `full/${width > thumbnailSide || height > thumbnailSide ? '!200,200' : 'max'}/0/default.jpg`
  if (width <= tileSide && height <= tileSide) return { tile: 'full/max/0/default.jpg', thumbnail: small }
  const [x, y] = [width, height].map(side => Math.floor(side / 2 / tileSide) * tileSide) as [number, number]
  const size = [Math.min(tileSide, width - x), Math.min(tileSide, height - y)].join(',')
  return { tile: `${x},${y},${size}/${size}/0/default.jpg`, thumbnail: small }
}

/** Tells how a request would be answered, and how many pixels would be decoded for it. */
export function estimateCost(request: string, { description, stored }: ImageFacts): RequestCost {
  const parsed = parseRequest(`/iiif/3/${identifier}/${request}`) as ImageRequest
  const prepared = prepareRequest(parsed, description, resolveProcessOptions({}))
  const { way, plan } = prepared
  const level = description.levels[plan?.level ?? 0] ?? description.levels[0]
  return { request, way, decodedPixels: plan ? countDecoded(level, plan.box, stored.stripRows) : 0 }
}

/* A tile or a strip is decoded as a whole; of all else there is but one piece. */
function countDecoded(level: PyramidLevel, box: Box, stripRows: number | undefined): number {
  const { width, height, tile } = level
  if (tile) return countCovered(box.x, box.width, tile.width) * countCovered(box.y, box.height, tile.height)
  return stripRows === undefined ? width * height : width * countCovered(box.y, box.height, stripRows)
}

function countCovered(start: number, length: number, piece: number): number {
  return (Math.floor((start + length - 1) / piece) - Math.floor(start / piece) + 1) * piece
}

/**
 * Measures requests for one image.
 *
 * @throws {@link IIIFError} of a request that fails.
 */
export async function measureCosts(
  source: ImageSource,
  estimates: readonly RequestCost[],
  options: MeasureOptions,
): Promise<RequestCost[]> {
  let way: Way | undefined
  const seconds = options.timeoutMs / 1000
  const service = createImageService({
    source: () => source,
    cache: false,
    revalidate: 'never',
    schedule: { timeouts: { renderSeconds: seconds, requestSeconds: seconds, readSeconds: seconds } },
  })
  try {
    const costs: RequestCost[] = []
    for (const estimate of estimates) {
      const run = async () => {
        way = await runOnce(service, estimate.request, options)
      }
      const times = await repeat(run, options)
      costs.push({ ...estimate, way: way ?? estimate.way, milliseconds: median(times), runs: times.length })
    }
    return costs
  } finally {
    await service.close()
  }
}

/* The first run opens the image, and is left out where there are others. */
async function repeat(run: () => Promise<void>, { budgetMs, signal }: MeasureOptions): Promise<number[]> {
  const times: number[] = []
  const began = performance.now()
  while (times.length <= maxRuns && !(times.length > 0 && performance.now() - began > budgetMs)) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
    if (signal?.aborted) break
  }
  return times.length > 1 ? times.slice(1) : times
}

async function runOnce(service: ImageService, request: string, { signal }: MeasureOptions): Promise<Way> {
  const parsed = service.parseRequest(`/iiif/3/${identifier}/${request}`) as ImageRequest
  const { body, way } = await service.process(parsed, { ...(signal ? { signal } : {}) })
  // A body that streams is made while it is read.
  if (!(body instanceof Uint8Array)) for await (const _ of body);
  return way
}

function median(times: readonly number[]): number {
  const sorted = times.toSorted((one, two) => one - two)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}
