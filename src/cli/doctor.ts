/* `honeydew doctor`: what images cost to serve, and what would make them cheaper. */
import { access } from 'node:fs/promises'
import type { Diagnosis, RequestCost, StoredFacts } from '../doctor/diagnosis.js'
import { ToolError } from '../errors.js'
import { type Command, type Io, UsageError } from './command.js'
import { createProgressBar } from './progress.js'
import { formatBytes, formatDuration, formatTable, plain } from './text.js'
import type { Words } from './words.js'

const usage = `Usage: honeydew doctor <file|folder> [options]

Tells for each image how it is stored and what it costs to serve: a tile of
512 pixels from its middle, and a thumbnail of 200. Both are really made,
several times, without a cache; what is told is the middle of the times.

  cost   fast: tiles are sent as they are stored
         fair: tiles are decoded and written anew
         slow: far more is decoded than is sent

  --quick         measures nothing: tells what the files say of themselves
  --budget <s>    how long one request may be measured (default 1)
  --timeout <s>   when a request is given up (default 30)
  --json          one line of JSON for each image
  --help          shows this text

Slow images come with the command that makes them fast, a folder with the one
for all of it. A file that cannot be read is told of, too.
Exit code: 0; 1 where the place cannot be read; 2 where the words are wrong.
`

/** The command. */
export const command: Command = {
  usage,
  options: {
    quick: { type: 'boolean' },
    budget: { type: 'string' },
    timeout: { type: 'string' },
    json: { type: 'boolean' },
  },
  run: runDoctor,
}

async function runDoctor(words: Words, io: Io): Promise<number> {
  const [place, ...others] = words.places
  const budgetSeconds = words.number('budget', 0, 3600) ?? 1
  const timeoutSeconds = words.number('timeout', 1, 3600) ?? 30
  const problems = [...words.problems]
  if (place === undefined) problems.push('A file or a folder is missing')
  if (others.length > 0) problems.push(`Expected one file or folder but received ${words.places.length}`)
  if (place === undefined || problems.length > 0) throw new UsageError(problems)
  const isThere = await access(place).then(
    () => true,
    ({ code }) => code !== 'ENOENT',
  )
  if (!isThere) throw new ToolError(`There is no file or folder "${place}".`)
  const { diagnose } = await import('../doctor/diagnose.js')
  const bar = createProgressBar(io)
  const found: Diagnosis[] = []
  const onImage = (name: string) => bar.show(name)
  const options = { quick: words.has('quick'), budgetSeconds, timeoutSeconds, onImage, signal: io.signal }
  try {
    for await (const diagnosis of diagnose(place, options)) {
      bar.clear()
      if (words.has('json')) io.out(`${JSON.stringify(diagnosis)}\n`)
      else found.push(diagnosis)
    }
  } finally {
    bar.clear()
  }
  if (!words.has('json')) io.out(`${formatReport(found)}${await formatAll(place, found)}`)
  return 0
}

const heading = ['image', 'format', 'size', 'bytes', 'stored as', 'profile', 'tile', 'thumbnail', 'cost']

function formatReport(found: readonly Diagnosis[]): string {
  if (found.length === 0) return 'There are no images.\n'
  const rows = found.map(diagnosis => [
    plain(diagnosis.name),
    ...formatStored(diagnosis.stored),
    formatCost(diagnosis.tile),
    formatCost(diagnosis.thumbnail),
    diagnosis.problem ? 'cannot be served' : (diagnosis.cost ?? ''),
  ])
  const remarks = found.filter(({ warnings, problem }) => problem || warnings.length > 0).map(formatRemarks)
  return `${[formatTable([heading, ...rows]), ...remarks].join('\n')}\n${summarize(found)}`
}

function formatStored(stored: StoredFacts | undefined): string[] {
  if (!stored) return ['', '', '', '', '']
  const { format, width, height, bytes, profile } = stored
  const name = profile ? `${plain(profile.name)}, ${formatBytes(profile.bytes)}` : 'none'
  return [format, `${width} × ${height}`, formatBytes(bytes), formatLayout(stored), name]
}

function formatLayout({ compression, tile, stripRows, levels }: StoredFacts): string {
  const sizes = levels > 1 ? `, ${levels} levels` : ''
  const name = compression === 'none' ? 'plain' : compression
  if (tile) {
    const side = tile.width === tile.height ? `${tile.width}` : `${tile.width} × ${tile.height}`
    return `${name} tiles of ${side}${sizes}`
  }
  return stripRows === undefined ? compression : `${name} strips of ${stripRows}${sizes}`
}

function formatCost(cost: RequestCost | undefined): string {
  if (!cost) return ''
  return cost.milliseconds === undefined ? cost.way : formatDuration(cost.milliseconds)
}

function formatRemarks({ name, warnings, problem, command }: Diagnosis): string {
  const lines = [
    ...(problem ? [`  it cannot be served: ${plain(problem.message)}`] : []),
    ...warnings.map(({ message }) => `  ${plain(message)}`),
    ...(command ? [`  ${command}`] : []),
  ]
  return `${plain(name)}\n${lines.join('\n')}\n`
}

/* The command for a whole folder: into another one, so that images are not served twice. */
async function formatAll(place: string, found: readonly Diagnosis[]): Promise<string> {
  if (found.filter(({ command }) => command !== undefined).length < 2) return ''
  const { prescribePyramids } = await import('../doctor/prescribe.js')
  return `All of them at once, into a folder that you serve then:\n  ${prescribePyramids(place)}\n`
}

function summarize(found: readonly Diagnosis[]): string {
  const count = (test: (diagnosis: Diagnosis) => boolean) => found.filter(test).length
  const parts = [
    ...(['fast', 'fair', 'slow'] as const).map(
      cost => [count(diagnosis => diagnosis.cost === cost && !diagnosis.problem), cost] as const,
    ),
    [count(({ problem }) => problem !== undefined), 'cannot be served'] as const,
  ]
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`)
  return `${found.length} ${found.length === 1 ? 'image' : 'images'}: ${told.join(', ')}\n`
}
