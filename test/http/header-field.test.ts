import { format } from 'node:util'
import debug from 'debug'
import { describe, expect, it } from 'vitest'
import { parseParameter, readFirstItem, readHeader, splitUnquoted } from '../../src/http/header-field.js'

describe('readHeader', () => {
  it('joins what came more than once to one list', () => {
    expect(readHeader({ accept: ['a', 'b'] }, 'accept')).toBe('a, b')
    expect(readHeader({ accept: 'a' }, 'accept')).toBe('a')
    expect(readHeader({}, 'accept')).toBeUndefined()
  })
})

describe('readFirstItem', () => {
  it('says on the debug channel what it ignored, with control characters escaped', () => {
    const lines: string[] = []
    const { log } = debug
    debug.log = (...line: unknown[]) => lines.push(format(...line))
    debug.enable('honeydew:http')
    try {
      expect(readFirstItem({ 'x-a': 'b\r\nforged, c' }, 'x-a', () => undefined)).toBeUndefined()
      expect(readFirstItem({ 'x-a': ' ,c' }, 'x-a', () => undefined)).toBeUndefined()
    } finally {
      debug.disable()
      debug.log = log
    }
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('ignored x-a: ')
    expect(lines[0]).toContain('b\\r\\nforged')
  })
})

describe('splitUnquoted', () => {
  it.each<[string, string[]]>([
    ['', ['']],
    ['a,b', ['a', 'b']],
    ['a,"b,c",d', ['a', '"b,c"', 'd']],
    ['"a\\",b",c', ['"a\\",b"', 'c']],
    ['a,"b,c', ['a', '"b,c']],
    ['a\\,b', ['a\\', 'b']],
    [',,', ['', '', '']],
    ['"\\', ['"\\']],
  ])('%j is %j', (text, expected) => {
    expect(splitUnquoted(text, ',')).toEqual(expected)
  })
})

describe('parseParameter', () => {
  it.each<[string, string, string]>([
    ['q=0.5', 'q', '0.5'],
    [' Q = 1 ', 'q', '1'],
    ['a="b c"', 'a', 'b c'],
    ['a="b\\"c"', 'a', 'b"c'],
    ['a=""', 'a', ''],
    ['a=', 'a', ''],
    ["filename*=UTF-8''x", 'filename*', "UTF-8''x"],
    ['a=b=c', 'a', 'b=c'],
  ])('%j is %s and %j', (text, name, value) => {
    expect(parseParameter(text)).toEqual({ name, value })
  })

  it.each(['', 'a', '=b', 'a b=c', 'a="b', 'a="b"c', 'a=b"c', '"a"=b', 'ü=b', `a=${' '.repeat(200_000)}x"`])(
    'a broken parameter is none (%#)',
    text => {
      expect(parseParameter(text)).toBeUndefined()
    },
  )
})
