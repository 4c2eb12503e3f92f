/* Holds the suite against the checklist: every row from 1 to 177 has a test with its number in the title, or a reason
   here why it has none. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const rowCount = 177

const without: Readonly<Record<number, string>> = {
  162: 'the version is told by the prefix; that Accept may choose it is a MAY, and not built',
  177: 'any order of errors is right, so that there is nothing that could be wrong',
}

/** Titles begin with one number or several: `'27 a region…'`, `'96, 97 every…'`, `'153b sizeByWh…'`. */
const title = /\(\s*['"`]((?:\d{1,3}b?, )*\d{1,3}b?) (?=\S)/g

/* What the official validator asserts at level 2 and below, by its own names: CI cannot run it, so that each of its
   tests must have rows here that assert the same and more. */
const validator: Readonly<Record<string, readonly number[]>> = {
  baseurl_redirect: [3, 157],
  cors: [163],
  format_error_random: [6, 102],
  format_jpg: [98],
  format_png: [99],
  id_basic: [1],
  id_error_escapedslash: [14],
  id_error_random: [170],
  id_error_unescaped: [15],
  id_escaped: [10],
  id_squares: [91],
  info_json: [5, 117, 118, 119, 120, 121, 122, 124, 125, 128, 135, 137, 139, 140, 141, 159, 160],
  jsonld: [157],
  quality_bitonal: [94],
  quality_color: [92],
  quality_error_random: [6, 95],
  quality_grey: [93],
  region_error_random: [6, 38],
  region_percent: [26, 148],
  region_pixels: [25, 147],
  region_square: [23, 149],
  rot_error_random: [6, 84],
  rot_full_basic: [79, 154],
  rot_region_basic: [81],
  size_bwh: [50, 74],
  size_ch: [45, 72],
  size_error_random: [6, 68],
  size_nofull: [53],
  size_noup: [43, 45, 46, 48, 51],
  size_percent: [46, 72],
  size_region: [153],
  size_wc: [43, 72],
  size_wh: [48, 73],
}

async function listRows(): Promise<Set<number>> {
  const rows = new Set<number>()
  for (const name of await readdir(import.meta.dirname)) {
    if (!name.endsWith('.test.ts')) continue
    const text = await readFile(join(import.meta.dirname, name), 'utf8')
    for (const [, numbers = ''] of text.matchAll(title)) {
      for (const number of numbers.split(', ')) rows.add(Number.parseInt(number, 10))
    }
  }
  return rows
}

test('the rows without a test are those that have a reason', async () => {
  const covered = await listRows()
  const missing = Array.from({ length: rowCount }, (_, i) => i + 1).filter(row => !covered.has(row))
  expect(missing).toEqual(Object.keys(without).map(Number))
  expect([...covered].filter(row => row < 1 || row > rowCount)).toEqual([])
})

test('every test of the official validator up to level 2 has rows that assert the same', async () => {
  const covered = await listRows()
  for (const [name, rows] of Object.entries(validator)) {
    expect([name, ...rows.filter(row => !covered.has(row))]).toEqual([name])
  }
})
