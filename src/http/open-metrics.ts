/* OpenMetrics 1.0 text: what monitors read. */

/** One number and what it belongs to. */
export interface Sample {
  /** The labels: names that a metric allows, values of any kind. */
  readonly labels?: Readonly<Record<string, string>>
  /** The number. */
  readonly value: number
  /** What is put behind the name of the metric, such as `_bucket`. @defaultValue `_total` for counters, else nothing */
  readonly suffix?: string
}

/** A metric. */
export interface Metric {
  /** The name, in lower case with underscores and its unit at the end. */
  readonly name: string
  /** What it counts. */
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** What it is, in a sentence. */
  readonly help: string
  /** The unit, where it has one; the name ends with it. */
  readonly unit?: 'seconds' | 'bytes'
  /** The numbers. */
  readonly samples: readonly Sample[]
}

/** The media type of {@link formatMetrics}. */
export const metricsMediaType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Writes metrics, and the end mark that shows that none is missing. */
export function formatMetrics(metrics: readonly Metric[]): string {
  return `${metrics.map(formatMetric).join('')}# EOF\n`
}

/** Builds a gauge of one number. */
export function gaugeOf(name: string, help: string, value: number, unit?: Metric['unit']): Metric {
  return { name, type: 'gauge', help, ...(unit && { unit }), samples: [{ value }] }
}

/** Adds labels to every sample. */
export function labelMetrics(metrics: readonly Metric[], labels: Readonly<Record<string, string>>): Metric[] {
  return metrics.map(metric => ({
    ...metric,
    samples: metric.samples.map(sample => ({ ...sample, labels: { ...labels, ...sample.labels } })),
  }))
}

/** Joins lists of metrics: the samples of a metric stand together, whichever list they are of. */
export function joinMetrics(lists: readonly (readonly Metric[])[]): Metric[] {
  const joined = new Map<string, Metric>()
  for (const metric of lists.flat()) {
    const known = joined.get(metric.name)
    joined.set(metric.name, known ? { ...known, samples: [...known.samples, ...metric.samples] } : metric)
  }
  return [...joined.values()]
}

/**
 * Builds the samples of a histogram, whose classes count up.
 *
 * @param bounds - the upper bounds of the classes
 * @param counts - how many there are of each class alone
 */
export function buildHistogram(
  bounds: readonly number[],
  counts: readonly number[],
  total: number,
  sum: number,
): Sample[] {
  let upTo = 0
  const classes = bounds.map((bound, index) => {
    upTo += counts[index] ?? 0
    return { suffix: '_bucket', labels: { le: formatBound(bound) }, value: upTo }
  })
  return [
    ...classes,
    { suffix: '_bucket', labels: { le: '+Inf' }, value: total },
    { suffix: '_count', value: total },
    { suffix: '_sum', value: sum },
  ]
}

function formatMetric({ name, type, help, unit, samples }: Metric): string {
  const suffix = type === 'counter' ? '_total' : ''
  const lines = [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escapeText(help)}`,
    ...samples.map(
      sample =>
        `${name}${sample.suffix ?? suffix}${formatLabels(sample.labels)} ${formatNumber(sample.value)}`,
    ),
  ]
  return lines.map(line => `${line}\n`).join('')
}

function formatLabels(labels: Sample['labels'] = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeText(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeText(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')
}

/* Bounds are floating point numbers: 1 is written as 1.0, so that all tools call it by the same name. */
function formatBound(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound)
}

function formatNumber(value: number): string {
  return String(value)
    .replace('Infinity', 'Inf')
    .replace(/^(?=Inf)/, '+')
}
