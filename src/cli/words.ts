/* The words of the command line: read by node:util's parseArgs, refused in words of our own, all that is wrong at once. */
import { parseArgs } from 'node:util'

/** The options of a command, by their names without dashes. */
export type OptionSpecs = Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>
>

/** What was given. */
export interface Words {
  /** The words that are no options. */
  readonly places: readonly string[]
  /** Whether an option without a value was given. */
  has(name: string): boolean
  /** The value of an option, the last one where it was given several times. */
  text(name: string): string | undefined
  /** The value of an option as a number; a value that is none of them is a problem. */
  number(name: string, least: number, most?: number): number | undefined
  /** The value of an option that has a few; another one is a problem. */
  choice<T extends string>(name: string, values: readonly T[]): T | undefined
  /** What is wrong with them, up to now. */
  readonly problems: readonly string[]
}

const help = { help: { type: 'boolean', short: 'h' } } as const

/** Reads words. What is wrong with them is gathered, so that all of it can be told at once. */
export function parseWords(words: readonly string[], specs: OptionSpecs): Words {
  const options = { ...specs, ...help }
  const config = { args: [...words], options, allowPositionals: true, strict: false, tokens: true } as const
  const { tokens, positionals } = parseArgs(config)
  const values = new Map<string, string>()
  const problems: string[] = []
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    const problem = findProblem(options, token)
    if (problem) problems.push(`${rawName}: ${problem}`)
    else values.set(name, value ?? '')
  }
  return {
    places: positionals,
    problems,
    has: name => values.has(name),
    text: name => values.get(name),
    number(name, least, most = Infinity) {
      const text = values.get(name)
      if (text === undefined) return undefined
      const number = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
      if (number >= least && number <= most) return number
      const range = most === Infinity ? `from ${least}` : `from ${least} to ${most}`
      problems.push(`--${name}: expected a number ${range} but received "${text}"`)
      return undefined
    },
    choice(name, choices) {
      const text = values.get(name)
      const found = choices.find(choice => choice === text)
      if (text !== undefined && found === undefined) {
        problems.push(`--${name}: expected ${choices.join(', ')} but received "${text}"`)
      }
      return found
    },
  }
}

interface OptionToken {
  readonly name: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function findProblem(options: OptionSpecs, { name, value, inlineValue }: OptionToken): string | undefined {
  const type = Object.hasOwn(options, name) ? options[name]?.type : undefined
  if (type === undefined) return 'there is no such option'
  if (type === 'boolean') return value === undefined ? undefined : 'it takes no value'
  // What looks like the next option is not taken for a value that was forgotten.
  const isMissing = value === undefined || (!inlineValue && value.startsWith('-') && value !== '-')
  return isMissing ? 'a value is missing' : undefined
}
