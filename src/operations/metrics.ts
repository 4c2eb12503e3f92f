/* What monitors read: the figures of each process that serves, and of what all of them share. */
import {
  buildHistogram,
  formatMetrics,
  gaugeOf,
  joinMetrics,
  labelMetrics,
  type Metric,
} from '../http/open-metrics.js'
import { listStats } from '../service/stats.js'
import type { Versions } from '../service/versions.js'
import type { ProcessReport, ProcessStats } from './process-monitor.js'
import type { TaskCounts } from './tasks.js'
import type { CertificateStatus } from './tls-entry.js'

/** What there is to tell. */
export interface MetricsFacts {
  /** The processes that serve. */
  readonly reports: readonly ProcessReport[]
  /** What is at work. */
  readonly versions: Versions
  /** The tasks. */
  readonly tasks: TaskCounts
  /** The certificates in use. */
  readonly certificates: readonly CertificateStatus[]
}

/** Writes all metrics as OpenMetrics text. */
export function formatOperations({ reports, versions, tasks, certificates }: MetricsFacts): string {
  const processes = reports.map(({ worker, ready, stats, process }) => {
    const metrics = [...listStats(stats), listReady(ready), ...listProcess(process)]
    return worker === undefined ? metrics : labelMetrics(metrics, { worker })
  })
  return formatMetrics(
    joinMetrics([...processes, listBuild(versions), listTasks(tasks), listCertificates(certificates)]),
  )
}

function listReady(ready: boolean): Metric {
  return gaugeOf('honeydew_ready', 'Whether new requests should be sent here.', Number(ready))
}

/* The names that dashboards know from other programs, where there are such names. */
function listProcess(stats: ProcessStats): Metric[] {
  const { eventLoopDelays: delays, openFiles } = stats
  const seconds = (name: string, help: string, value: number): Metric => ({
    name,
    type: 'counter',
    unit: 'seconds',
    help,
    samples: [{ value }],
  })
  return [
    gaugeOf(
      'process_start_time_seconds',
      'When the process began, since 1970.',
      stats.startedSeconds,
      'seconds',
    ),
    seconds('process_cpu_seconds', 'Time of processors that was taken.', stats.cpuSeconds),
    gaugeOf('process_resident_memory_bytes', 'Memory that is held.', stats.residentBytes, 'bytes'),
    ...(openFiles === undefined
      ? []
      : [gaugeOf('process_open_fds', 'Files and connections that are open.', openFiles)]),
    gaugeOf('honeydew_heap_used_bytes', 'Memory of JavaScript objects.', stats.heapUsedBytes, 'bytes'),
    gaugeOf(
      'honeydew_heap_size_bytes',
      'Memory set aside for JavaScript objects.',
      stats.heapTotalBytes,
      'bytes',
    ),
    gaugeOf('honeydew_external_memory_bytes', 'Memory of buffers.', stats.externalBytes, 'bytes'),
    seconds(
      'honeydew_event_loop_active_seconds',
      'Time in which the event loop had something to do.',
      stats.eventLoopActiveSeconds,
    ),
    {
      name: 'honeydew_event_loop_delay_seconds',
      type: 'histogram',
      unit: 'seconds',
      help: 'How late the event loop was, looked at ten times a second.',
      samples: buildHistogram(delays.bounds, delays.counts, delays.total, delays.sumSeconds),
    },
  ]
}

function listBuild({ honeydew, ...others }: Versions): Metric[] {
  const samples = [{ labels: { version: honeydew, ...others }, value: 1 }]
  return [{ name: 'honeydew_build_info', type: 'gauge', help: 'What is at work; always 1.', samples }]
}

function listTasks(tasks: TaskCounts): Metric[] {
  const samples = (['queued', 'running'] as const).map(state => ({ labels: { state }, value: tasks[state] }))
  return [{ name: 'honeydew_tasks', type: 'gauge', help: 'Tasks that wait, and that go on.', samples }]
}

function listCertificates(certificates: readonly CertificateStatus[]): Metric[] {
  if (certificates.length === 0) return []
  const samples = certificates.map(({ name, notAfter }) => ({
    labels: { name },
    value: notAfter.getTime() / 1000,
  }))
  const help = 'When the certificate in use ends, since 1970.'
  return [{ name: 'honeydew_tls_not_after_seconds', type: 'gauge', unit: 'seconds', help, samples }]
}
