import { describe, expect, it } from 'vitest'
import type { CheckReport } from '../../src/check/check.js'
import { formatJunit, formatResult, formatSum } from '../../src/check/report.js'
import type { RowResult } from '../../src/check/row.js'

const facts = {
  title: 'a title',
  importance: 'MUST',
  says: 'it must',
  section: '4.1',
  milliseconds: 1500,
} as const
const passed: RowResult = { ...facts, id: 'one', outcome: 'passed' }
const skipped: RowResult = { ...facts, id: 'two', outcome: 'skipped', reason: 'it is "too" small' }
const failed: RowResult = {
  ...facts,
  id: 'three',
  outcome: 'failed',
  findings: [{ asked: 'GET http://h/<x>&y', came: 'status 500: \u0007\ud800 ]]>', expected: 'status 200' }],
}
const report: CheckReport = {
  base: 'http://h/"x"',
  version: 3,
  level: 2,
  results: [passed, skipped, failed, { ...failed, id: 'four', importance: 'SHOULD' }],
  requests: 12,
  isCompliant: false,
}

describe('the report for people', () => {
  it('tells in one line what passed and what was skipped', () => {
    expect(formatResult(passed)).toBe('ok      one: a title\n')
    expect(formatResult(skipped)).toBe('skipped two: it is "too" small\n')
  })

  it('explains what failed: what the specification says, what was asked, what came, what should have come', () => {
    const text = formatResult(failed)
    const lines = text.split('\n').map(line => line.trim().replace(/\s+/g, ' '))
    expect(lines.slice(0, 3)).toEqual([
      'FAILED three (MUST, section 4.1): a title',
      'says it must',
      'asked GET http://h/<x>&y',
    ])
    expect(lines[4]).toBe('expected status 200')
  })

  it('sums up', () => {
    expect(formatSum(report)).toBe(
      'Image API 3, level 2: 1 of what MUST be is not; 1 of what SHOULD be is not; 1 passed, 1 skipped, 12 requests\n',
    )
    expect(formatSum({ ...report, results: [passed], isCompliant: true })).toContain('all that MUST be is;')
  })
})

describe('the report as JUnit XML', () => {
  const xml = formatJunit(report)

  it('counts tests, failures and skipped ones', () => {
    const counts = 'name="IIIF Image API 3, level 2" tests="4" failures="2" errors="0" skipped="1" time="6"'
    expect(xml).toContain(`<testsuites ${counts}>`)
    expect(xml).toContain(`<testsuite ${counts}>`)
    expect(xml.match(/<testcase /g)).toHaveLength(4)
    expect(xml).toContain('<skipped message="it is &quot;too&quot; small"/>')
  })

  it('is well formed, whatever a server sends', async () => {
    expect(xml).toContain('asked: GET http://h/&lt;x&gt;&amp;y\ncame: status 500: \ufffd\ufffd ]]&gt;')
    expect(xml).toContain('<property name="base" value="http://h/&quot;x&quot;"/>')
    // Every tag is closed, and nothing but tags has brackets.
    const open: string[] = []
    for (const [, slash, name, end] of xml.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
      if (slash) expect(open.pop()).toBe(name)
      else if (!end) open.push(String(name))
    }
    expect(open).toEqual([])
    expect(xml.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]/)
  })
})
