/* The options of the operations of a service, as programs write them. */
import type { SweepReport } from '../contracts.js'
import type { Health } from '../service/health.js'
import type { ShownSettings } from '../service/shown-settings.js'
import type { ServiceStats } from '../service/stats.js'
import type { PurgeTarget, WarmOptions, WarmProgress } from '../service/upkeep.js'
import type { ProcessReport } from './process-monitor.js'
import type { CertificateStatus } from './tls-entry.js'

/**
 * What is operated: an `ImageService`, or what stands for the services of several processes. What reads may be a promise, so
 * that it can come from other processes.
 */
export interface OperatedService {
  /** Tells whether images can be made. */
  health(): Promise<Health>
  /** Tells whether new requests should be sent here. */
  isReady(): boolean
  /** Tells what was done and is being done. */
  stats(): ServiceStats
  /** Tells the settings that may be shown. */
  settings(): ShownSettings
  /** Makes the service forget. */
  purge(target: PurgeTarget): Promise<SweepReport | undefined>
  /** Deletes from the cache what has expired, and what is over its bounds. */
  sweep(signal?: AbortSignal): Promise<SweepReport>
  /** Makes images before anybody asks. */
  warm(identifier: string, options?: WarmOptions): AsyncIterable<WarmProgress>
}

/** The groups of endpoints that access is given to: `/health` with `/ready`, `/metrics`, `/status`, `/tasks`. */
export type OperationsGroup = 'health' | 'metrics' | 'status' | 'tasks'

/**
 * Who may ask. `loopback`: who is on the same machine, asks under a name or address of it, and did not come through a proxy.
 * `open`: everybody; what stands in front must know whom it lets through. `closed`: nobody; the paths are left to the
 * application. `{ token }`: who sends one of the tokens as `Authorization: Bearer`, wherever from; each has at least 16
 * characters, and several are for the time in which one takes the place of another.
 */
export type OperationsAccess = 'loopback' | 'open' | 'closed' | OperationsToken

/** Access for who has a token. */
export interface OperationsToken {
  /** The token, or several of which each is good. */
  readonly token: string | readonly string[]
}

/** The options of {@link createOperations}. */
export interface OperationsOptions {
  /** The path in front of `/health` and the others, such as `/operations`. @defaultValue `/`: nothing in front */
  readonly prefix?: string
  /** Who may ask, for all groups alike or for each; a group that is left out is for `loopback`. @defaultValue `loopback` */
  readonly access?: OperationsAccess | Partial<Readonly<Record<OperationsGroup, OperationsAccess>>>
  /** How many tasks are remembered, those that wait and run among them. @defaultValue 100 */
  readonly maxTasks?: number
  /**
   * Tells of the processes that serve, where there are several: `/metrics` and `/status` tell of each.
   * @defaultValue of this process
   */
  readonly reports?: () => readonly ProcessReport[] | Promise<readonly ProcessReport[]>
  /** The certificates whose end is told: what `loadTls` gave. @defaultValue none */
  readonly tls?: {
    /** Tells of the certificates in use. */
    certificates(): readonly CertificateStatus[]
  }
}
