/* The settings of a service as they may be shown to operators: what it does and how much of it, never where things are,
   nor what anybody must not know. */
import type { Format } from '../protocol/format.js'
import type { Limits } from '../protocol/limits.js'
import type { Quality } from '../protocol/quality.js'
import type { Prefixes } from '../protocol/request.js'
import type { LaneSettings } from '../schedule/lane.js'
import type { ServiceSettings } from './settings.js'

/** What may be shown of the settings of a service. */
export interface ShownSettings {
  /** The paths of the versions that are served. */
  readonly prefixes: Prefixes
  /** The largest responses; what is without bound is `null` in JSON. */
  readonly limits: Limits
  /** The formats that are made. */
  readonly formats: readonly Format[]
  /** The qualities that are made. */
  readonly qualities: readonly Quality[]
  /** Whether results are kept between requests. */
  readonly cache: boolean
  /** The time from one sweep of the cache to the next; 0 for never. */
  readonly maintenanceSeconds: number
  /** For how long a source is believed to be unchanged; `null` for ever. */
  readonly revalidateSeconds: number | null
  /** How many images are kept open. */
  readonly maxOpenImages: number
  /** Whether who asks, or what covers images, makes a difference. */
  readonly isPlain: boolean
  /** How much is done at the same time. */
  readonly schedule: {
    /** The lane of work that is as small as a tile. */
    readonly tile: LaneSettings
    /** The lane of all other work. */
    readonly large: LaneSettings
    /** The memory that images are made in, in bytes. */
    readonly memoryBytes: number
    /** How many threads libvips takes for one image. */
    readonly libvipsThreads: number
  }
}

/** Picks what may be shown. */
export function showSettings(settings: ServiceSettings): ShownSettings {
  const { parse, limits, formats, qualities, cache, maintenanceSeconds, freshness } = settings
  const { tile, large, memoryBytes, libvipsThreads } = settings.schedule
  return {
    prefixes: parse.prefixes,
    limits,
    formats,
    qualities,
    cache: cache !== undefined,
    maintenanceSeconds,
    revalidateSeconds: Number.isFinite(freshness.freshMs) ? freshness.freshMs / 1000 : null,
    maxOpenImages: settings.maxOpenImages,
    isPlain: settings.isPlain,
    schedule: { tile, large, memoryBytes, libvipsThreads },
  }
}
