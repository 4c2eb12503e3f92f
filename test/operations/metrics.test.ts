// What monitors are told: valid text, and the page of the documentation and the code say the same.
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { memoryCache } from '../../src/cache/memory.js'
import { tieredCache } from '../../src/cache/tiered.js'
import { formatOperations, type MetricsFacts } from '../../src/operations/metrics.js'
import { createProcessMonitor } from '../../src/operations/process-monitor.js'
import { createImageService } from '../../src/service.js'
import { parseMetrics } from '../http/metrics-text.js'

function collect(workers: readonly (string | undefined)[] = [undefined]): MetricsFacts {
  const service = createImageService({
    source: () => undefined,
    cache: tieredCache(memoryCache(), memoryCache()),
  })
  const monitor = createProcessMonitor(service)
  onTestFinished(async () => {
    monitor.close()
    await service.close()
  })
  return {
    reports: workers.map(worker => monitor.report(worker)),
    versions: { honeydew: '1.2.3', node: '20.0.0', sharp: '0.35.0', libvips: '8.18.0' },
    tasks: { queued: 1, running: 2 },
    certificates: [
      { name: 'default', notAfter: new Date(1_700_000_000_000), daysLeft: 3 },
      { name: '*.example.org', notAfter: new Date(1_800_000_000_500), daysLeft: 300 },
    ],
  }
}

const read = (facts: MetricsFacts) => parseMetrics(formatOperations(facts))

describe('the metrics', () => {
  it('are those of the page, and no others, with their types and labels', () => {
    const page = readFileSync('src/docs/operations.md', 'utf8')
    const documented = [...page.matchAll(/^\| `((?:honeydew|process)_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
      ([, name, type, labels = '']) => [
        name,
        type,
        [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
      ],
    )
    const written = read(collect()).map(({ name, type, samples }) => {
      const labels = samples.flatMap(sample => Object.keys(sample.labels)).filter(label => label !== 'le')
      return [type === 'counter' ? `${name}_total` : name, type, [...new Set(labels)]]
    })
    // Statuses that have not been answered with are not told yet.
    const responses = written.find(([name]) => name === 'honeydew_responses_total')
    expect(responses?.[2]).toEqual([])
    responses?.splice(2, 1, ['status'])
    expect(documented.toSorted()).toEqual(written.toSorted())
  })

  it('tell the figures of a process', () => {
    const metrics = new Map(read(collect()).map(metric => [metric.name, metric.samples]))
    const value = (name: string) => metrics.get(name)?.[0]?.value
    expect(value('process_start_time_seconds')).toBeCloseTo(Date.now() / 1000 - process.uptime(), -2)
    expect(value('process_cpu_seconds')).toBeGreaterThan(0)
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(2 ** 20)
    expect(value('honeydew_event_loop_active_seconds')).toBeGreaterThan(0)
    expect(metrics.get('honeydew_build_info')?.[0]).toMatchObject({
      value: 1,
      labels: { version: '1.2.3', node: '20.0.0', sharp: '0.35.0', libvips: '8.18.0' },
    })
    expect(metrics.get('honeydew_tasks')?.map(({ labels, value: count }) => [labels.state, count])).toEqual([
      ['queued', 1],
      ['running', 2],
    ])
    expect(
      metrics.get('honeydew_tls_not_after_seconds')?.map(sample => [sample.labels.name, sample.value]),
    ).toEqual([
      ['default', 1_700_000_000],
      ['*.example.org', 1_800_000_000.5],
    ])
  })

  it('of several processes stand together, each with its label', () => {
    const metrics = read(collect(['1', '2', '3']))
    const shared = ['honeydew_build_info', 'honeydew_tasks', 'honeydew_tls_not_after_seconds']
    for (const { name, samples } of metrics) {
      const workers = new Set(samples.map(({ labels }) => labels.worker))
      if (samples.length > 0) {
        expect([name, [...workers]]).toEqual([name, shared.includes(name) ? [undefined] : ['1', '2', '3']])
      }
    }
  })

  it('count how late the event loop is', async () => {
    const service = createImageService({ source: () => undefined })
    const monitor = createProcessMonitor(service)
    onTestFinished(async () => {
      monitor.close()
      await service.close()
    })
    await expect
      .poll(() => monitor.report().process.eventLoopDelays.total, { timeout: 20_000 })
      .toBeGreaterThan(0)
    const { total, sumSeconds } = monitor.report().process.eventLoopDelays
    // The loop stands still for longer than half a second.
    const until = performance.now() + 700
    while (performance.now() < until);
    await expect
      .poll(() => monitor.report().process.eventLoopDelays.total, { timeout: 20_000 })
      .toBeGreaterThan(total)
    const delays = monitor.report().process.eventLoopDelays
    expect(delays.sumSeconds - sumSeconds).toBeGreaterThan(0.5)
    const late = delays.counts.slice(delays.bounds.indexOf(1)).reduce((sum, count) => sum + count, 0)
    expect(delays.total - delays.counts.reduce((sum, count) => sum + count, 0) + late).toBeGreaterThan(0)
  })
})
