/* Who may work now. Work of the size of a tile and large work have lanes of their own, so that tiles never wait behind
   whole images, and all of it shares one budget of memory, so that no amount of requests ends the process. */
import { SourceError } from '../errors.js'
import { createLane, type Lane, type LaneSettings, type LaneStats, type Pace } from './lane.js'

/** The lanes. */
export type LaneName = 'tile' | 'large'

/** How {@link createAdmission} admits. */
export interface AdmissionSettings {
  /** The lane of work that is as small as a tile. */
  readonly tile: LaneSettings
  /** The lane of all other work. */
  readonly large: LaneSettings
  /** The memory that all admitted work may use, in bytes. */
  readonly memoryBytes: number
}

/** Work that wants to be admitted. */
export interface Work {
  /** Which lane it belongs to. */
  readonly lane: LaneName
  /** How much memory it needs at its peak, in bytes; an estimate. */
  readonly bytes: number
  /** Who asks. */
  readonly client: string
  /** Whether it goes on with what was admitted before. @defaultValue false */
  readonly resumes?: boolean
}

/** Leave to work. */
export interface Permit {
  /**
   * Tells that the work is done: gives back the place in the lane, and all of the memory but what the result takes.
   *
   * @param keptBytes - what is held until {@link Permit.release}
   */
  finish(keptBytes: number): void
  /** Gives back everything; may be called again. */
  release(): void
}

/** What an admission has done and has to do. */
export interface AdmissionStats {
  /** The lane of tiles. */
  readonly tile: LaneStats
  /** The lane of large work. */
  readonly large: LaneStats
  /** The memory that admitted work and its results are reckoned with, in bytes. */
  readonly memoryBytes: number
  /** The budget, in bytes. */
  readonly maxMemoryBytes: number
}

/** Admits work. */
export interface Admission {
  /**
   * Waits until the work may begin.
   *
   * @throws {@link SourceError} (413) when it needs more memory than there can ever be; {@link OverloadedError} (503) when
   * there is too much other work; {@link AbortedError} when the signal is aborted.
   */
  admit(work: Work, signal?: AbortSignal): Promise<Permit>
  /** What was done and is to be done. */
  stats(): AdmissionStats
}

/* While tiles wait, large work goes on for a tenth of the time: enough not to starve, too little to be felt. */
const largeRest = 9

/** The pace of large work beside tiles. */
function createLargePace(isTileWaiting: () => boolean): Pace {
  let startMs = 0
  return {
    delayMs: () => (isTileWaiting() ? startMs - performance.now() : 0),
    onEnd(workMs) {
      startMs = performance.now() + workMs * largeRest
    },
  }
}

/* The rest is for tiles, so that large work never keeps them waiting for memory. */
const largeShare = 0.75

/** Creates an admission. */
export function createAdmission(settings: AdmissionSettings): Admission {
  const { memoryBytes } = settings
  const tile = createLane(settings.tile)
  const pace = createLargePace(() => tile.stats().queued > 0)
  const lanes = { tile, large: createLane(settings.large, pace) }
  const limits = { tile: memoryBytes, large: Math.floor(memoryBytes * largeShare) }
  const used = { tile: 0, large: 0 }

  const fits = (lane: LaneName, bytes: number): boolean =>
    used.tile + used.large + bytes <= memoryBytes && used[lane] + bytes <= limits[lane]

  function giveBack(lane: LaneName, bytes: number): void {
    used[lane] -= bytes
    if (bytes > 0) advance(lanes)
  }

  return {
    async admit({ lane, bytes, client, resumes = false }, signal) {
      if (bytes > limits[lane]) throw buildTooLarge()
      const take = (): boolean => {
        if (!fits(lane, bytes)) return false
        used[lane] += bytes
        return true
      }
      // A tile that waits no longer, because another has left or its own client has, is not what large work gives way to.
      const leave = await lanes[lane].enter({ client, take, resumes, signal }).catch(error => {
        lanes.large.advance()
        throw error
      })
      const end = (): void => {
        leave()
        lanes.large.advance()
      }
      return createPermit(bytes, end, given => giveBack(lane, given))
    },
    stats: () => ({
      tile: lanes.tile.stats(),
      large: lanes.large.stats(),
      memoryBytes: used.tile + used.large,
      maxMemoryBytes: memoryBytes,
    }),
  }
}

function createPermit(bytes: number, leave: () => void, giveBack: (bytes: number) => void): Permit {
  let held = bytes
  let isWorking = true
  const keep = (kept: number): void => {
    const given = Math.max(0, held - kept)
    held -= given
    giveBack(given)
    if (isWorking) leave()
    isWorking = false
  }
  return { finish: keep, release: () => keep(0) }
}

function advance({ tile, large }: Readonly<Record<LaneName, Lane>>): void {
  tile.advance()
  large.advance()
}

function buildTooLarge(): SourceError {
  return new SourceError(
    413,
    'source-too-large',
    'To make this image takes more memory than this server gives to one request; ask for a smaller size or region.',
  )
}
