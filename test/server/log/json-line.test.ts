import { expect, it } from 'vitest'
import { formatJsonLine } from '../../../src/server/log/json-line.js'

it.each([
  ['an escape of eight bits', 'a\u009b31m', '{"text":"a\\u009b31m"}'],
  ['DEL', '\u007f', '{"text":"\\u007f"}'],
  ['the end of a line, as Unicode has it', '\u2028\u2029', '{"text":"\\u2028\\u2029"}'],
  ['marks that reorder text', '\u202egpj\u2066\u200f', '{"text":"\\u202egpj\\u2066\\u200f"}'],
  ['a line feed', 'a\nb', '{"text":"a\\nb"}'],
  ['what is only foreign', 'Ünïcode 🍈', '{"text":"Ünïcode 🍈"}'],
])('writes %s so that it is only read', (_what, text, line) => {
  expect(formatJsonLine({ text })).toBe(line)
  expect(JSON.parse(line)).toEqual({ text })
})
