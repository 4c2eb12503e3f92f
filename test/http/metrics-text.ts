/* A small and strict reader of OpenMetrics 1.0 text, for the tests of what is written. It knows no more than the
   specification (sections "ABNF" and "Overall Structure") and forgives nothing. */

export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ParsedMetric {
  readonly name: string
  readonly type: string
  readonly unit?: string
  readonly help?: string
  readonly samples: readonly ParsedSample[]
}

const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
}

interface Draft {
  name: string
  type?: string
  unit?: string
  help?: string
  samples: ParsedSample[]
}

/** Reads a text; throws where it breaks a rule. */
export function parseMetrics(text: string): ParsedMetric[] {
  if (!text.endsWith('# EOF\n')) throw new Error('the end mark is missing')
  const lines = text.slice(0, -1).split('\n').slice(0, -1)
  const drafts: Draft[] = []
  for (const line of lines) {
    if (line.startsWith('# ')) readDescriptor(line, drafts)
    else readSample(line, drafts)
  }
  return drafts.map(checkMetric)
}

function readDescriptor(line: string, drafts: Draft[]): void {
  const [, keyword, name, rest] = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line) ?? []
  if (keyword === undefined || name === undefined || rest === undefined)
    throw new Error(`no descriptor: ${line}`)
  let draft = drafts.at(-1)
  if (draft?.name !== name) {
    if (drafts.some(other => other.name === name)) throw new Error(`${name} is torn apart`)
    draft = { name, samples: [] }
    drafts.push(draft)
  }
  if (draft.samples.length > 0) throw new Error(`${name} is described after its samples`)
  const key = keyword.toLowerCase() as 'type' | 'unit' | 'help'
  if (draft[key] !== undefined) throw new Error(`${name} has two lines of ${keyword}`)
  draft[key] = keyword === 'HELP' ? readEscapes(rest) : rest
}

function readSample(line: string, drafts: Draft[]): void {
  const [, name, labels = '', value] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  const draft = drafts.at(-1)
  if (name === undefined || value === undefined || draft === undefined) throw new Error(`no sample: ${line}`)
  const allowed = suffixes[draft.type ?? ''] ?? []
  if (!allowed.some(suffix => name === draft.name + suffix))
    throw new Error(`${name} is no part of ${draft.name}`)
  const sample = { name, labels: readLabels(labels), value: readNumber(value) }
  const key = JSON.stringify([name, sample.labels])
  if (draft.samples.some(other => JSON.stringify([other.name, other.labels]) === key))
    throw new Error(`twice: ${line}`)
  draft.samples.push(sample)
}

const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[n"\\])*)"(,(?=.)|$)/y

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  label.lastIndex = 0
  let end = 0
  while (end < text.length) {
    const [all, name = '', value = ''] = label.exec(text) ?? []
    if (all === undefined || name in labels) throw new Error(`no labels: ${text}`)
    labels[name] = readEscapes(value)
    end += all.length
  }
  return labels
}

function readNumber(text: string): number {
  if (text === '+Inf') return Infinity
  if (text === '-Inf') return -Infinity
  if (text === 'NaN') return Number.NaN
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) throw new Error(`no number: ${text}`)
  return Number(text)
}

function readEscapes(text: string): string {
  if (/(?:^|[^\\])(?:\\\\)*"/.test(text)) throw new Error(`a quote that is not escaped: ${text}`)
  return text.replace(/\\(.)/g, (_, character: string) => {
    if (character === 'n') return '\n'
    if (character === '"' || character === '\\') return character
    throw new Error(`no escape: \\${character}`)
  })
}

function checkMetric({ name, type, unit, help, samples }: Draft): ParsedMetric {
  if (type === undefined) throw new Error(`${name} has no type`)
  if (unit !== undefined && !name.endsWith(`_${unit}`)) throw new Error(`${name} does not end with ${unit}`)
  if (type === 'counter' && name.endsWith('_total')) throw new Error(`${name} has the suffix of its samples`)
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0)))
    throw new Error(`${name} has gone back`)
  if (type === 'histogram') for (const group of groupSamples(name, samples)) checkHistogram(name, group)
  return {
    name,
    type,
    ...(unit === undefined ? {} : { unit }),
    ...(help === undefined ? {} : { help }),
    samples,
  }
}

/* One histogram for each set of labels; what belongs to it stands together. */
function groupSamples(name: string, samples: readonly ParsedSample[]): readonly (readonly ParsedSample[])[] {
  const groups = new Map<string, ParsedSample[]>()
  let last = ''
  for (const sample of samples) {
    const { le: _bound, ...labels } = sample.labels
    const key = JSON.stringify(labels)
    const group = groups.get(key) ?? []
    if (group.length > 0 && key !== last) throw new Error(`${name} is torn apart: ${key}`)
    group.push(sample)
    groups.set(key, group)
    last = key
  }
  return [...groups.values()]
}

function checkHistogram(name: string, samples: readonly ParsedSample[]): void {
  const buckets = samples.filter(sample => sample.name === `${name}_bucket`)
  const bounds = buckets.map(({ labels }) => labels.le ?? '')
  const numbers = bounds.map(readNumber)
  if (bounds.at(-1) !== '+Inf') throw new Error(`${name} has no last bucket`)
  // "le" is a floating point number in its canonical form.
  for (const bound of bounds)
    if (!/^(?:\+Inf|\d+\.\d+|\d(?:\.\d+)?e[+-]\d+)$/.test(bound)) throw new Error(`${name}: le="${bound}"`)
  if (numbers.some((bound, index) => index > 0 && !(bound > numbers[index - 1]!)))
    throw new Error(`${name} has buckets out of order`)
  if (buckets.some(({ value }, index) => index > 0 && value < buckets[index - 1]!.value))
    throw new Error(`${name} does not count up`)
  const count = samples.find(sample => sample.name === `${name}_count`)
  if (count?.value !== buckets.at(-1)?.value)
    throw new Error(`${name} has another count than its last bucket`)
  if (!samples.some(sample => sample.name === `${name}_sum`)) throw new Error(`${name} has no sum`)
}
