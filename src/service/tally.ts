/* What a service has done so far, counted. */
import type { Way } from '../process.js'
import type { CacheOutcome } from './report.js'

/** The upper bounds of the classes that durations are counted in, in seconds. */
export const durationBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const

/** What was counted. */
export interface Counts {
  /** How many requests are being answered. */
  readonly inFlight: number
  /** How many answers there were of each status. */
  readonly responses: Readonly<Record<string, number>>
  /** How many images there were: by the way that they were made, and where they came from. */
  readonly images: Readonly<Record<Way, Readonly<Record<CacheOutcome, number>>>>
  /** How long answers took until they began. */
  readonly durations: {
    /** The upper bounds of the classes, in seconds. */
    readonly bounds: readonly number[]
    /** How many took as long as each bound at most, and longer than the one before. */
    readonly counts: readonly number[]
    /** How many there were in all. */
    readonly total: number
    /** How long they took together, in seconds. */
    readonly sumSeconds: number
  }
}

/** Counts. */
export interface Tally {
  /** A request has come. Gives what tells when it came. */
  begin(): number
  /** A request was answered. */
  end(began: number, status: number): void
  /** An image was answered with. */
  countImage(way: Way, outcome: CacheOutcome): void
  /** What was counted so far. */
  read(): Counts
}

/** Creates a tally. */
export function createTally(): Tally {
  const statuses = new Map<number, number>()
  const images = { source: createOutcomes(), stored: createOutcomes(), render: createOutcomes() }
  const counts = new Float64Array(durationBounds.length)
  let [inFlight, total, sumSeconds] = [0, 0, 0]
  return {
    begin() {
      inFlight += 1
      return performance.now()
    },
    end(began, status) {
      const seconds = (performance.now() - began) / 1000
      inFlight -= 1
      total += 1
      sumSeconds += seconds
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      let bound = 0
      while (seconds > (durationBounds[bound] ?? Infinity)) bound += 1
      if (bound < counts.length) counts[bound] = (counts[bound] ?? 0) + 1
    },
    countImage(way, outcome) {
      images[way][outcome] += 1
    },
    read: () => ({
      inFlight,
      responses: Object.fromEntries(statuses),
      images: structuredClone(images),
      durations: { bounds: durationBounds, counts: [...counts], total, sumSeconds },
    }),
  }
}

function createOutcomes(): Record<CacheOutcome, number> {
  return { hit: 0, miss: 0, none: 0 }
}
