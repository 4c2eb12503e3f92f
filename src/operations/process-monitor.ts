/* What a process tells about itself beside its service: time, memory, and how late its event loop is. */
import type { ServiceStats } from '../stats.js'
import type { OperatedService } from './options.js'

/** What one process tells; plain data, so that one process can hand it to another. */
export interface ProcessReport {
  /** Which of several processes it is; it becomes a label of every metric. */
  readonly worker?: string
  /** Whether new requests should be sent to it. */
  readonly ready: boolean
  /** What its service tells. */
  readonly stats: ServiceStats
  /** What the process tells. */
  readonly process: ProcessStats
}

/** What a process tells about itself. */
export interface ProcessStats {
  /** The number of the process. */
  readonly pid: number
  /** When it began, in seconds since 1970. */
  readonly startedSeconds: number
  /** The time of processors that it took, in seconds. */
  readonly cpuSeconds: number
  /** The memory that it holds, in bytes. */
  readonly residentBytes: number
  /** The memory of JavaScript objects, in bytes. */
  readonly heapUsedBytes: number
  /** The memory that is set aside for JavaScript objects, in bytes. */
  readonly heapTotalBytes: number
  /** The memory of buffers, in bytes; that of libvips is only in `residentBytes`. */
  readonly externalBytes: number
  /** The files and connections that are open; on Linux. */
  readonly openFiles?: number
  /** For how long the event loop had something to do, in seconds. */
  readonly eventLoopActiveSeconds: number
  /** How late the event loop was, looked at ten times a second. */
  readonly eventLoopDelays: {
    /** The upper bounds of the classes, in seconds. */
    readonly bounds: readonly number[]
    /** How often it was as late as each bound at most, and later than the one before. */
    readonly counts: readonly number[]
    /** How often it was looked at. */
    readonly total: number
    /** How late it was together, in seconds. */
    readonly sumSeconds: number
  }
}

/** Watches a process. */
export interface ProcessMonitor {
  /** Tells how the process is. @param worker - which of several processes it is */
  report(worker?: string): ProcessReport
  /** Stops watching. */
  close(): void
}

/** Watches this process: for who has several, and hands what each tells to `reports` of {@link createOperations}. */
export function createProcessMonitor(service: Pick<OperatedService, 'stats' | 'isReady'>): ProcessMonitor {
  throw new Error(`not yet ${service}`)
}
