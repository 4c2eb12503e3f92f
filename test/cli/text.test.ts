import { describe, expect, it } from 'vitest'
import { createProgressBar } from '../../src/cli/progress.js'
import { formatBytes, formatDuration, formatTable, plain } from '../../src/cli/text.js'

it('what a terminal would obey is not written to it', () => {
  expect(plain('a\u001b[31mb\u0007c\rd\ne\u202ef')).toBe('a\ufffd[31mb\ufffdc\ufffdd\ne\ufffdf')
  expect(plain('Zürich · 京都.tif')).toBe('Zürich · 京都.tif')
})

it('a table has columns as wide as they need to be', () => {
  expect(
    formatTable([
      ['a', 'long heading', 'c'],
      ['äöü', 'x', ''],
      ['', 'y', 'z'],
    ]),
  ).toBe('a    long heading  c\näöü  x\n     y             z\n')
})

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [32_684_810, '32.7 MB'],
  [4.2e12, '4.20 TB'],
  [9e15, '9.00e+3 TB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

it.each([
  [0.12, '0.1 ms'],
  [9.96, '10.0 ms'],
  [45.4, '45 ms'],
  [1234, '1.2 s'],
  [65_000, '65 s'],
])('%d milliseconds are %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text)
})

describe('a bar of progress', () => {
  const create = (isTerminal: boolean) => {
    const written: string[] = []
    const bar = createProgressBar({
      isTerminal,
      out: () => {},
      err: text => written.push(text),
      signal: new AbortController().signal,
    })
    return { bar, written }
  }

  it('is one line that is written over, and gone in the end', () => {
    const { bar, written } = create(true)
    bar.show('a.jpg', 0)
    bar.show('a.jpg', 0.001)
    bar.show('a.jpg', 0.5)
    bar.clear()
    bar.clear()
    expect(written).toEqual([
      `\r\u001b[2Ka.jpg ${'░'.repeat(30)}   0 %`,
      `\r\u001b[2Ka.jpg ${'█'.repeat(15)}${'░'.repeat(15)}  50 %`,
      '\r\u001b[2K',
    ])
  })

  it('has a title that fits, without what a terminal obeys, and may have no part', () => {
    const { bar, written } = create(true)
    bar.show(`${'long/'.repeat(20)}\u001bname.jpg`)
    expect(written).toEqual([`\r\u001b[2K…${'long/'.repeat(20).slice(-30)}\ufffdname.jpg`])
  })

  it('is not shown where there is no terminal', () => {
    const { bar, written } = create(false)
    bar.show('a.jpg', 0.5)
    bar.clear()
    expect(written).toEqual([])
  })
})
