/* The report of a check: for people, and as JUnit XML for machines that run tests. */
import type { CheckReport } from './check.js'
import type { Importance, RowResult } from './row.js'

const words: Readonly<Record<Importance, string>> = { MUST: 'MUST', SHOULD: 'SHOULD', ADVICE: 'advice' }

/** Formats one row for people: what failed is explained. */
export function formatResult(result: RowResult): string {
  const { outcome, importance, id, title, section, says } = result
  if (outcome === 'passed') return `ok      ${id}: ${title}\n`
  if (outcome === 'skipped') return `skipped ${id}: ${result.reason}\n`
  const findings = result.findings.flatMap(({ asked, came, expected }) => [
    `        asked     ${asked}`,
    `        came      ${came}`,
    `        expected  ${expected}`,
  ])
  return [
    `FAILED  ${id} (${words[importance]}, section ${section}): ${title}`,
    `        says      ${says}`,
    ...findings,
    '',
  ].join('\n')
}

/** Formats the sum of a report, as one line. */
export function formatSum({ version, level, results, requests, isCompliant }: CheckReport): string {
  const failed = (importance: Importance) =>
    results.filter(result => result.outcome === 'failed' && result.importance === importance).length
  const count = (outcome: RowResult['outcome']) => results.filter(result => result.outcome === outcome).length
  const target = version === undefined ? 'no Image API was found' : `Image API ${version}, level ${level}`
  const verdict = isCompliant ? 'all that MUST be is' : `${failed('MUST')} of what MUST be is not`
  return `${target}: ${verdict}; ${failed('SHOULD')} of what SHOULD be is not; ${count('passed')} passed, ${count('skipped')} skipped, ${requests} requests\n`
}

/** Formats a report as JUnit XML: what SHOULD be and is not is a failure there, too, told apart by its type. */
export function formatJunit({ base, version, level, results }: CheckReport): string {
  const failures = results.filter(({ outcome }) => outcome === 'failed').length
  const skipped = results.filter(({ outcome }) => outcome === 'skipped').length
  const seconds = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000
  const name = version === undefined ? 'IIIF Image API' : `IIIF Image API ${version}, level ${level}`
  const attributes = formatAttributes({
    name,
    tests: results.length,
    failures,
    errors: 0,
    skipped,
    time: seconds,
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes}>`,
    `  <testsuite${attributes}>`,
    `    <properties><property${formatAttributes({ name: 'base', value: base })}/></properties>`,
    ...results.map(formatCase),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function formatCase(result: RowResult): string {
  const { id, title, section, milliseconds } = result
  const attributes = formatAttributes({
    name: `${id}: ${title}`,
    classname: `iiif.section ${section}`,
    time: milliseconds / 1000,
  })
  if (result.outcome === 'passed') return `    <testcase${attributes}/>`
  if (result.outcome === 'skipped') {
    return `    <testcase${attributes}><skipped${formatAttributes({ message: result.reason })}/></testcase>`
  }
  const lines = result.findings.map(
    ({ asked, came, expected }) => `asked: ${asked}\ncame: ${came}\nexpected: ${expected}\n`,
  )
  const failure = formatAttributes({ type: result.importance, message: result.says })
  return `    <testcase${attributes}><failure${failure}>${escapeXml(lines.join('\n'))}</failure></testcase>`
}

function formatAttributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('')
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/* XML 1.0 has no way to write most control characters, nor halves of surrogate pairs. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, letter => entities[letter] ?? letter)
}
