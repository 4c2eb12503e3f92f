/* What the benchmark prints: one table with all rows, and the targets below it. */

/** @typedef {import('./measure.js').Line} Line */
/** @typedef {import('./measure.js').RowResult} RowResult */

const heads = [
  '',
  'req/s',
  'ms cpu/req',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'peak MB',
  'kB/req',
  '1 proc ×',
  '2 proc ×',
]

/**
 * Formats all rows as one table. `load %` is the part of a core that the load tool took, beside the server. The last two columns tell how many times the requests a second of a line honeydew
 * answers, with one process and with two; on the line of a bare server that is the part of what is possible at all.
 *
 * @param {readonly RowResult[]} results
 */
export function formatTable(results) {
  const rows = [heads, ...results.flatMap(formatRow)]
  const widths = heads.map((_, column) =>
    Math.max(...rows.filter(isWhole).map(cells => cells[column]?.length ?? 0)),
  )
  return rows.map(cells => alignCells(cells, widths)).join('\n')
}

/** @param {RowResult} result */
function formatRow({ title, lines }) {
  const one = lines.find(({ server }) => server === 'honeydew-1' || server === 'cached-1')
  const two = lines.find(({ server }) => server === 'honeydew-2')
  const notes = lines.flatMap(({ label, note }) => (note ? [[`    ${label}: ${note}`]] : []))
  return [[''], [title], ...lines.map(line => formatLine(line, one, two)), ...notes]
}

/**
 * @param {Line} line
 * @param {Line | undefined} one
 * @param {Line | undefined} two
 */
function formatLine(line, one, two) {
  if (line.failure) return [`  ${line.label}: FAILED, ${line.failure}`]
  /** @param {Line | undefined} honeydew */
  const ratio = honeydew =>
    honeydew && honeydew !== line && !honeydew.failure
      ? formatNumber(honeydew.perSecond / line.perSecond)
      : ''
  const { perSecond, milliseconds, p50, p95, p99, megabytes, bytes, busy } = line
  const figures = [perSecond, milliseconds, p50, p95, p99, megabytes, bytes / 1000, busy * 100].map(
    formatNumber,
  )
  return [`  ${line.label}`, ...figures, ratio(one), ratio(two)]
}

/** @param {readonly string[]} cells */
function isWhole(cells) {
  return cells.length > 1
}

/**
 * @param {readonly string[]} cells
 * @param {readonly number[]} widths
 */
function alignCells(cells, widths) {
  const [first = '', ...figures] = cells
  if (!isWhole(cells)) return first
  return [first.padEnd(widths[0] ?? 0), ...figures.map((cell, i) => cell.padStart(widths[i + 1] ?? 0))].join(
    '  ',
  )
}

/**
 * Three figures are all that a measurement is good for.
 *
 * @param {number} value
 */
function formatNumber(value) {
  if (!Number.isFinite(value) || value === 0) return '–'
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(value >= 10 ? 1 : value >= 0.1 ? 2 : 3)
}

/**
 * Formats the targets, each with what was measured, and in parentheses the same ratio told by processor time.
 *
 * @param {readonly import('./targets.js').Verdict[]} verdicts
 */
export function formatVerdicts(verdicts) {
  const width = Math.max(...verdicts.map(({ what }) => what.length))
  const lines = verdicts.map(({ target, what, bound, atLeast, measured, byTime, isMet }) => {
    const word = isMet === undefined ? 'not measured' : isMet ? 'met' : 'NOT MET'
    const figure = measured === undefined ? '–' : formatNumber(measured)
    return [
      target.padEnd(4),
      what.padEnd(width),
      figure.padStart(7),
      (byTime === undefined ? '' : `(${formatNumber(byTime)})`).padStart(8),
      `${atLeast ? '≥' : '≤'} ${bound}`.padEnd(6),
      word,
    ].join('  ')
  })
  return lines.join('\n')
}

// From here on the ratios of requests a second are no longer those of an idle machine.
const maxOthers = 0.1

/**
 * Warns when other programs have had a part in the figures.
 *
 * @param {readonly RowResult[]} results
 */
export function formatDisturbance(results) {
  const shares = results.flatMap(({ lines }) =>
    lines.filter(({ rounds }) => rounds > 0).map(line => line.others),
  )
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length)
  if (mean <= maxOthers) return ''
  const percent = Math.round(mean * 100)
  return `\n\nOther programs used ${percent} % of this machine meanwhile: trust processor time, not requests a second.`
}
