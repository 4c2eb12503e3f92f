/* What a service tells about itself: what it has done, and what it is doing; as a record and for monitors. */
import type { CacheStats } from '../contracts.js'
import { buildHistogram, formatMetrics, gaugeOf, type Metric, type Sample } from '../http/open-metrics.js'
import type { AdmissionStats } from '../schedule/admission.js'
import type { LaneStats } from '../schedule/lane.js'
import type { Desk } from './desk.js'
import type { Counts } from './tally.js'

/** What a service has done and is doing. */
export interface ServiceStats extends Counts {
  /** The work that goes on, and that waits. */
  readonly schedule: AdmissionStats
  /** How many different images are being made. */
  readonly making: number
  /** How many images are open. */
  readonly openImages: number
  /** What the cache tells of itself. */
  readonly cache?: CacheStats
}

/** Reads what a service has done and is doing. */
export function readStats({ tally, admission, flight, store, settings }: Desk): ServiceStats {
  const cache = settings.cache?.stats?.()
  return {
    ...tally.read(),
    schedule: admission.stats(),
    making: flight.size,
    openImages: store.countOpen(),
    ...(cache && { cache }),
  }
}

/** Writes {@link ServiceStats} as OpenMetrics text. */
export function formatStats(stats: ServiceStats): string {
  return formatMetrics(listStats(stats))
}

/** Lists {@link ServiceStats} as metrics. */
export function listStats(stats: ServiceStats): Metric[] {
  return [
    ...listCounts(stats),
    ...listSchedule(stats.schedule),
    ...listGauges(stats),
    ...listCache(stats.cache),
  ]
}

function listCounts({ responses, images, durations }: Counts): Metric[] {
  return [
    {
      name: 'honeydew_responses',
      type: 'counter',
      help: 'Answers by their status.',
      samples: Object.entries(responses).map(([status, value]) => ({ labels: { status }, value })),
    },
    {
      name: 'honeydew_images',
      type: 'counter',
      help: 'Images by the way they were made, and whether they came from the cache.',
      samples: Object.entries(images).flatMap(([way, outcomes]) =>
        Object.entries(outcomes).map(([cache, value]) => ({ labels: { way, cache }, value })),
      ),
    },
    {
      name: 'honeydew_response_seconds',
      type: 'histogram',
      unit: 'seconds',
      help: 'Time until an answer began.',
      samples: buildHistogram(durations.bounds, durations.counts, durations.total, durations.sumSeconds),
    },
  ]
}

function listSchedule({ tile, large, memoryBytes, maxMemoryBytes }: AdmissionStats): Metric[] {
  const lanes = (read: (lane: LaneStats) => number): Sample[] => [
    { labels: { lane: 'tile' }, value: read(tile) },
    { labels: { lane: 'large' }, value: read(large) },
  ]
  const counter = (name: string, help: string, read: (lane: LaneStats) => number): Metric => ({
    name: `honeydew_lane_${name}`,
    type: 'counter',
    help,
    samples: lanes(read),
  })
  return [
    {
      name: 'honeydew_lane_running',
      type: 'gauge',
      help: 'Work that goes on.',
      samples: lanes(lane => lane.running),
    },
    {
      name: 'honeydew_lane_queued',
      type: 'gauge',
      help: 'Work that waits.',
      samples: lanes(lane => lane.queued),
    },
    counter('admitted', 'Work that was let in.', lane => lane.admitted),
    counter(
      'refused',
      'Work that was refused because too much waited, or for too long.',
      lane => lane.refused,
    ),
    counter('abandoned', 'Work whose client left while it waited.', lane => lane.abandoned),
    gaugeOf('honeydew_memory_bytes', 'Memory that work is reckoned with.', memoryBytes, 'bytes'),
    gaugeOf('honeydew_memory_limit_bytes', 'Memory that all work may use.', maxMemoryBytes, 'bytes'),
  ]
}

function listGauges({ inFlight, making, openImages }: ServiceStats): Metric[] {
  return [
    gaugeOf('honeydew_requests_in_flight', 'Requests that are being answered.', inFlight),
    gaugeOf('honeydew_making', 'Different images that are being made.', making),
    gaugeOf('honeydew_open_images', 'Images that are kept open.', openImages),
  ]
}

/* A cache of several tells each of them: the nearest is 0. */
function listCache(cache: CacheStats | undefined): Metric[] {
  const tiers = cache === undefined ? [] : [cache, ...(cache.tiers ?? [])]
  const names = tiers.length > 1 ? ['all', ...tiers.slice(1).map((_, index) => String(index))] : ['all']
  const samples = (read: (tier: CacheStats) => number | undefined): Sample[] =>
    tiers.flatMap((tier, index) => {
      const value = read(tier)
      return value === undefined ? [] : [{ labels: { tier: names[index] ?? '' }, value }]
    })
  const counters = {
    hits: 'hits',
    misses: 'misses',
    failures: 'failures',
    evicted: 'evicted entries',
  } as const
  const metrics: Metric[] = [
    ...Object.entries(counters).map(
      ([name, what]): Metric => ({
        name: `honeydew_cache_${name}`,
        type: 'counter',
        help: `The ${what} of the cache.`,
        samples: samples(tier => tier[name as keyof typeof counters]),
      }),
    ),
    {
      name: 'honeydew_cache_entries',
      type: 'gauge',
      help: 'What is kept.',
      samples: samples(tier => tier.entries),
    },
    {
      name: 'honeydew_cache_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'What is kept.',
      samples: samples(tier => tier.bytes),
    },
  ]
  return metrics.filter(metric => metric.samples.length > 0)
}
