/* What a service tells about itself: what it has done, and what it is doing; as a record and for monitors. */
import type { Desk } from './desk.js'
import { buildHistogram, formatMetrics, type Metric, type Sample } from './http/open-metrics.js'
import type { AdmissionStats } from './schedule/admission.js'
import type { LaneStats } from './schedule/lane.js'
import type { Counts } from './tally.js'

/** What a service has done and is doing. */
export interface ServiceStats extends Counts {
  /** The work that goes on, and that waits. */
  readonly schedule: AdmissionStats
  /** How many different images are being made. */
  readonly making: number
  /** How many images are open. */
  readonly openImages: number
}

/** Reads what a service has done and is doing. */
export function readStats({ tally, admission, flight, store }: Desk): ServiceStats {
  return {
    ...tally.read(),
    schedule: admission.stats(),
    making: flight.size,
    openImages: store.countOpen(),
  }
}

/** Writes {@link ServiceStats} as OpenMetrics text. */
export function formatStats(stats: ServiceStats): string {
  return formatMetrics([...listCounts(stats), ...listSchedule(stats.schedule), ...listGauges(stats)])
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

function gaugeOf(name: string, help: string, value: number, unit?: Metric['unit']): Metric {
  return { name, type: 'gauge', help, ...(unit ? { unit } : {}), samples: [{ value }] }
}
