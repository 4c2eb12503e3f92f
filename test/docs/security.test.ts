// The page on security names, for each guard, the tests that hold it: they are there.
import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const page = readFileSync('src/docs/security.md', 'utf8')
const named = [...page.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path)

it('the page on security names tests that there are', () => {
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(path => !existsSync(path))).toEqual([])
})

it('every guard has a test', () => {
  const [, table = ''] = page.split('## What is guarded')
  const rows = table.split('\n## ', 1)[0]?.match(/^\| (?!Against|---).*$/gm) ?? []
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.filter(row => !row.includes('`test/'))).toEqual([])
})
