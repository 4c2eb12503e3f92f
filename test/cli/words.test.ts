import { describe, expect, it } from 'vitest'
import { parseWords } from '../../src/cli/words.js'

const specs = {
  quality: { type: 'string' },
  level: { type: 'string' },
  force: { type: 'boolean', short: 'f' },
} as const

const parse = (...words: string[]) => parseWords(words, specs)

describe('words', () => {
  it('are places, options without a value, and options with one', () => {
    const words = parse('in.jpg', '--quality', '80', '--force', 'out.tif', '--level=2')
    expect(words.places).toEqual(['in.jpg', 'out.tif'])
    expect([words.has('force'), words.has('help')]).toEqual([true, false])
    expect(words.text('level')).toBe('2')
    expect(words.number('quality', 1, 100)).toBe(80)
    expect(words.problems).toEqual([])
  })

  it('behind two dashes are places, whatever they look like', () => {
    expect(parse('--', '--force', '-x').places).toEqual(['--force', '-x'])
  })

  it('may be short, and help is always among them', () => {
    expect(parse('-f', '-h').has('force')).toBe(true)
    expect(parse('-h').has('help')).toBe(true)
  })

  it('that come twice count the last time', () => {
    expect(parse('--quality', '1', '--quality', '2').text('quality')).toBe('2')
  })
})

describe('what is wrong', () => {
  it.each([
    [['--colour'], ['--colour: there is no such option']],
    [['--constructor=1'], ['--constructor: there is no such option']],
    [['-x'], ['-x: there is no such option']],
    [['--force=yes'], ['--force: it takes no value']],
    [['--quality'], ['--quality: a value is missing']],
    [['--quality', '--force'], ['--quality: a value is missing']],
    [['--quality', '-5'], ['--quality: a value is missing']],
    [
      ['--a', '--force=1', '--quality'],
      ['--a: there is no such option', '--force: it takes no value', '--quality: a value is missing'],
    ],
  ])('is told of all at once: %j', (words, problems) => {
    expect(parse(...words).problems).toEqual(problems)
  })

  it.each([
    ['0', 'from 1 to 100 but received "0"'],
    ['101', 'from 1 to 100 but received "101"'],
    ['8e1', 'from 1 to 100 but received "8e1"'],
    ['abc', 'from 1 to 100 but received "abc"'],
    ['', 'from 1 to 100 but received ""'],
  ])('is a number that is none, or out of its range: "%s"', (text, problem) => {
    const words = parse(`--quality=${text}`)
    expect(words.number('quality', 1, 100)).toBeUndefined()
    expect(words.problems).toEqual([`--quality: expected a number ${problem}`])
  })

  it('is a word that is none of a few', () => {
    const words = parse('--level=3')
    expect(words.choice('level', ['0', '1', '2'])).toBeUndefined()
    expect(words.problems).toEqual(['--level: expected 0, 1, 2 but received "3"'])
    expect(parse('--level', '1').choice('level', ['0', '1', '2'])).toBe('1')
    expect(parse().choice('level', ['0'])).toBeUndefined()
  })
})
