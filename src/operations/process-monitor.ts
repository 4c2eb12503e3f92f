/* What a process tells about itself beside its service: time, memory, and how late its event loop is. */
import { readdirSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import type { ServiceStats } from '../service/stats.js'
import type { OperatedService } from './options.js'

/** What one process tells; plain data, so that one process can hand it to another. */
export interface ProcessReport {
  /** Which of several processes it is; it becomes a label of its metrics. */
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
  /** For how long it has been going, in seconds. */
  readonly uptimeSeconds: number
  /** The time of processors that it took, in seconds. */
  readonly cpuSeconds: number
  /** The memory that it holds, in bytes. */
  readonly residentBytes: number
  /** The memory of JavaScript objects, in bytes. */
  readonly heapUsedBytes: number
  /** The memory that is set aside for JavaScript objects, in bytes. */
  readonly heapTotalBytes: number
  /** The memory of buffers, in bytes; that of libvips is in `residentBytes` only. */
  readonly externalBytes: number
  /** How many files and connections are open; on Linux only. */
  readonly openFiles?: number
  /** For how long the event loop had something to do, in seconds. */
  readonly eventLoopActiveSeconds: number
  /** How late the event loop was. */
  readonly eventLoopDelays: DelayCounts
}

/** How late something was that is looked at ten times a second. */
export interface DelayCounts {
  /** The upper bounds of the classes, in seconds. */
  readonly bounds: readonly number[]
  /** How often it was as late as each bound at most, and later than the one before. */
  readonly counts: readonly number[]
  /** How often it was looked at. */
  readonly total: number
  /** How late it was together, in seconds. */
  readonly sumSeconds: number
}

/** Watches a process. */
export interface ProcessMonitor {
  /** Tells how the process is. @param worker - which of several processes it is */
  report(worker?: string): ProcessReport
  /** Stops watching. */
  close(): void
}

const delayBounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** The time from one look at the event loop to the next, in milliseconds. */
const lookMs = 100

/**
 * Watches this process: for who has several, and hands what each of them tells to `reports` of {@link createOperations}.
 * It costs ten timers a second, and keeps no process from ending.
 */
export function createProcessMonitor(service: Pick<OperatedService, 'stats' | 'isReady'>): ProcessMonitor {
  const delays = watchDelays()
  return {
    report: worker => ({
      ...(worker !== undefined && { worker }),
      ready: service.isReady(),
      stats: service.stats(),
      process: readProcess(delays.read()),
    }),
    close: delays.close,
  }
}

function readProcess(eventLoopDelays: DelayCounts): ProcessStats {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const openFiles = countOpenFiles()
  return {
    pid: process.pid,
    startedSeconds: performance.timeOrigin / 1000,
    uptimeSeconds: process.uptime(),
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
    externalBytes: external,
    ...(openFiles !== undefined && { openFiles }),
    eventLoopActiveSeconds: performance.eventLoopUtilization().active / 1000,
    eventLoopDelays,
  }
}

function countOpenFiles(): number | undefined {
  try {
    // Without the folder itself, which is open while it is read.
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return undefined
  }
}

/* Counted since the beginning, and not since it was last asked: several monitors may ask, each at its own times. */
function watchDelays(): { read(): DelayCounts; close(): void } {
  const counts = new Array<number>(delayBounds.length).fill(0)
  let [total, sumSeconds] = [0, 0]
  let last = performance.now()
  const look = (): void => {
    const now = performance.now()
    const seconds = Math.max(0, now - last - lookMs) / 1000
    last = now
    total += 1
    sumSeconds += seconds
    const index = delayBounds.findIndex(bound => seconds <= bound)
    if (index >= 0) counts[index] = (counts[index] ?? 0) + 1
  }
  const timer = setInterval(look, lookMs).unref()
  return {
    read: () => ({ bounds: delayBounds, counts: [...counts], total, sumSeconds }),
    close: () => clearInterval(timer),
  }
}
