/* `honeydew check`: holds any IIIF image server against the specification. */
import { writeFile } from 'node:fs/promises'
import type { CheckOptions } from '../check/check.js'
import { formatJunit, formatResult, formatSum } from '../check/report.js'
import type { RowResult } from '../check/row.js'
import type { ComplianceLevel } from '../protocol/version.js'
import { type Command, type Io, UsageError } from './command.js'
import { createProgressBar } from './progress.js'
import { plain } from './text.js'
import type { Words } from './words.js'

const usage = `Usage: honeydew check <url> [options]

Asks a IIIF image server what viewers ask, and more, and explains by the
sections of the Image API (2.1.1 or 3.0) what it does not answer right.
<url> is the base URI of any image, or the URL of its info.json. Pixels are
compared with those that the server itself gives for the whole image.

  --level <n>      the level it is held to: 0, 1 or 2 (default: what it claims)
  --only <names>   asks these rows only, separated by commas
  --all            shows what passed and what was skipped, too
  --junit <file>   writes the result as JUnit XML
  --json           prints the result as JSON
  --timeout <s>    how long one answer may take (default 30)
  --deadline <s>   how long all of it may take (default 600)
  --help           shows this text

Exit code: 0 where all that MUST be is, 1 where it is not, 2 where the words
are wrong.
`

/** The command. */
export const command: Command = {
  usage,
  options: {
    level: { type: 'string' },
    only: { type: 'string' },
    all: { type: 'boolean' },
    junit: { type: 'string' },
    json: { type: 'boolean' },
    timeout: { type: 'string' },
    deadline: { type: 'string' },
  },
  run: runCheck,
}

async function runCheck(words: Words, io: Io): Promise<number> {
  const { CheckError } = await import('../check/subject.js')
  const { checkServer } = await import('../check/check.js')
  const { url, ...options } = await readOptions(words)
  const isJson = words.has('json')
  const bar = createProgressBar(io)
  const onRow = (result: RowResult, done: number, total: number) => {
    bar.clear()
    if (!isJson) tellRow(result, words.has('all'), io)
    bar.show('asking', done / total)
  }
  try {
    const report = await checkServer(url, { ...options, onRow, signal: io.signal })
    bar.clear()
    const junit = words.text('junit')
    if (junit !== undefined) await writeFile(junit, formatJunit(report))
    io.out(isJson ? `${JSON.stringify(report, undefined, 2)}\n` : plain(formatSum(report)))
    return report.isCompliant ? 0 : 1
  } catch (error) {
    throw error instanceof CheckError ? new UsageError([error.message]) : error
  } finally {
    bar.clear()
  }
}

async function readOptions(words: Words): Promise<CheckOptions & { readonly url: string }> {
  const { parseBase, CheckError } = await import('../check/subject.js')
  const [url = ''] = words.places
  const level = words.choice('level', ['0', '1', '2'])
  const only = words.text('only')?.split(',')
  const timeoutSeconds = words.number('timeout', 1, 3600) ?? 30
  const deadlineSeconds = words.number('deadline', 1, 86_400) ?? 600
  const problems = [...words.problems]
  if (words.places.length > 1) problems.push(`Expected one URL but received ${words.places.length}`)
  try {
    parseBase(url)
  } catch (error) {
    if (!(error instanceof CheckError)) throw error
    problems.push(error.message)
  }
  if (problems.length > 0) throw new UsageError(problems)
  return {
    url,
    timeoutSeconds,
    deadlineSeconds,
    ...(level === undefined ? {} : { level: Number(level) as ComplianceLevel }),
    ...(only ? { only } : {}),
  }
}

function tellRow(result: RowResult, showsAll: boolean, io: Io): void {
  if (showsAll || result.outcome === 'failed') io.out(plain(formatResult(result)))
}
