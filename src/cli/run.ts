/* From words to a command and its exit code: 0 when all went well, 1 when it did not, 2 when the words were wrong, 130
   when it was interrupted. */
import { readFileSync } from 'node:fs'
import { type Io, UsageError } from './command.js'
import { type CommandEntry, commands } from './commands.js'
import { explainError } from './explain.js'
import { plain } from './text.js'
import { parseWords } from './words.js'

/** The exit code of what was interrupted, by the custom of shells. */
export const interrupted = 130

/** Runs the program with the words of its command line. @returns the exit code */
export async function run(words: readonly string[], io: Io): Promise<number> {
  const [name, ...others] = words
  try {
    if (name === undefined || name.startsWith('-')) return runBare(words, io)
    const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!entry) throw new UsageError([`There is no command "${plain(name)}": expected ${listNames()}`])
    return await runCommand(name, entry, others, io)
  } catch (error) {
    if (io.signal.aborted) return interrupted
    return tellFailure(error, io)
  }
}

function runBare(words: readonly string[], io: Io): number {
  const { problems, has } = parseWords(words, { version: { type: 'boolean', short: 'v' } })
  if (problems.length > 0) throw new UsageError(problems)
  if (has('version')) {
    io.out(`${readVersion()}\n`)
    return 0
  }
  if (!has('help')) throw new UsageError([`A command is missing: expected ${listNames()}`])
  io.out(formatUsage())
  return 0
}

async function runCommand(
  name: string,
  entry: CommandEntry,
  others: readonly string[],
  io: Io,
): Promise<number> {
  const { command } = await entry.load()
  const words = parseWords(others, command.options)
  if (words.has('help')) {
    io.out(command.usage)
    return 0
  }
  try {
    if (words.problems.length > 0) throw new UsageError(words.problems)
    return await command.run(words, io)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError([...error.problems, `"honeydew ${name} --help" shows what can be said`])
  }
}

function tellFailure(error: unknown, io: Io): number {
  if (error instanceof UsageError) {
    for (const problem of error.problems) io.err(`${plain(problem)}\n`)
    return 2
  }
  io.err(`${explainError(error)}\n`)
  return 1
}

function formatUsage(): string {
  const longest = Math.max(...Object.keys(commands).map(name => name.length))
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(longest)}  ${summary}\n`,
  )
  return `Usage: honeydew <command> [options]

${lines.join('')}
  honeydew <command> --help   shows what a command takes
  honeydew --version          shows the version
`
}

function listNames(): string {
  return Object.keys(commands).join(', ')
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return String(version)
}
