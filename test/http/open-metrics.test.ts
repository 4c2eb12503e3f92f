import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildHistogram, formatMetrics, type Metric, metricsMediaType } from '../../src/http/open-metrics.js'
import { parseMetrics } from './metrics-text.js'

const gauge = (samples: Metric['samples']): Metric => ({
  name: 'x',
  type: 'gauge',
  help: 'What it is.',
  samples,
})

describe('metrics', () => {
  it('are text that every monitor reads', () => {
    const metrics: Metric[] = [
      {
        name: 'answers',
        type: 'counter',
        help: 'Answers.',
        samples: [{ labels: { status: '200' }, value: 3 }],
      },
      { name: 'held_bytes', type: 'gauge', unit: 'bytes', help: 'Held.', samples: [{ value: 1.5 }] },
    ]
    expect(formatMetrics(metrics)).toBe(
      [
        '# TYPE answers counter',
        '# HELP answers Answers.',
        'answers_total{status="200"} 3',
        '# TYPE held_bytes gauge',
        '# UNIT held_bytes bytes',
        '# HELP held_bytes Held.',
        'held_bytes 1.5',
        '# EOF',
        '',
      ].join('\n'),
    )
  })

  it('of nothing are the end mark', () => {
    expect(formatMetrics([])).toBe('# EOF\n')
  })

  it('may have no samples yet', () => {
    expect(parseMetrics(formatMetrics([gauge([])]))).toMatchObject([{ name: 'x', samples: [] }])
  })

  it('say what they are', () => {
    expect(metricsMediaType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  })
})

describe('what is read back is what was written', () => {
  it.each([0, 1, -1, 0.001, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, Infinity, -Infinity, Number.NaN])(
    'the number %d',
    value => {
      expect(parseMetrics(formatMetrics([gauge([{ value }])]))[0]?.samples[0]?.value).toBe(value)
    },
  )

  it('labels and help, whatever stands in them', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '\n', 'n', '{', '}', ',', '=', 'ü') })
    // There is one zero in text.
    const number = fc.double().map(value => value + 0)
    fc.assert(
      fc.property(text, text, number, (label, help, value) => {
        const labels = { first: label, second: 'b' }
        const written = formatMetrics([{ ...gauge([{ labels, value }]), help }])
        const [metric] = parseMetrics(written)
        expect(metric).toEqual({ name: 'x', type: 'gauge', help, samples: [{ name: 'x', labels, value }] })
      }),
    )
  })
})

describe('a histogram', () => {
  const write = (bounds: readonly number[], counts: readonly number[], total: number, sum: number) =>
    formatMetrics([
      {
        name: 'wait_seconds',
        type: 'histogram',
        unit: 'seconds',
        help: 'Waiting.',
        samples: buildHistogram(bounds, counts, total, sum),
      },
    ])

  it('counts up, to all that there are', () => {
    const [metric] = parseMetrics(write([0.5, 1, 10], [2, 0, 3], 6, 40.5))
    expect(metric?.samples).toEqual([
      { name: 'wait_seconds_bucket', labels: { le: '0.5' }, value: 2 },
      { name: 'wait_seconds_bucket', labels: { le: '1.0' }, value: 2 },
      { name: 'wait_seconds_bucket', labels: { le: '10.0' }, value: 5 },
      { name: 'wait_seconds_bucket', labels: { le: '+Inf' }, value: 6 },
      { name: 'wait_seconds_count', labels: {}, value: 6 },
      { name: 'wait_seconds_sum', labels: {}, value: 40.5 },
    ])
  })

  it('of nothing is all zeros', () => {
    const [metric] = parseMetrics(write([1], [], 0, 0))
    expect(metric?.samples.map(({ value }) => value)).toEqual([0, 0, 0, 0])
  })
})

describe('the reader of these tests', () => {
  it.each<[title: string, text: string]>([
    ['without an end', '# TYPE x gauge\nx 1\n'],
    ['with something behind the end', '# TYPE x gauge\nx 1\n# EOF\n\n'],
    ['with an empty line', '# TYPE x gauge\n\nx 1\n# EOF\n'],
    ['without a type', '# HELP x X.\nx 1\n# EOF\n'],
    ['with a counter that has no suffix', '# TYPE x counter\nx 1\n# EOF\n'],
    ['with a unit that the name lacks', '# TYPE x gauge\n# UNIT x bytes\nx 1\n# EOF\n'],
    ['with the same sample twice', '# TYPE x gauge\nx{a="1"} 1\nx{a="1"} 2\n# EOF\n'],
    ['with a metric torn apart', '# TYPE x gauge\nx 1\n# TYPE y gauge\ny 1\n# HELP x X.\n# EOF\n'],
    ['with a quote in a label', '# TYPE x gauge\nx{a="b"c"} 1\n# EOF\n'],
    ['with a bound that is no float', '# TYPE x histogram\nx_bucket{le="1"} 1\n# EOF\n'],
    [
      'with two histograms torn apart',
      [
        '# TYPE x histogram',
        ...['1', '2', '1'].map((a, index) =>
          index === 2 ? `x_sum{a="${a}"} 0` : `x_bucket{a="${a}",le="+Inf"} 0\nx_count{a="${a}"} 0`,
        ),
        '# EOF\n',
      ].join('\n'),
    ],
    ['with a number that is none', '# TYPE x gauge\nx one\n# EOF\n'],
  ])('refuses a text %s', (_, text) => {
    expect(() => parseMetrics(text)).toThrow()
  })
})
