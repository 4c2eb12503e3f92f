/* `honeydew pyramid`: makes files of images that are quick to serve. */
import { stat } from 'node:fs/promises'
import type { WritePyramidOptions, WrittenPyramid } from '../image/pyramid-writer.js'
import { type Command, type Io, UsageError } from './command.js'
import { explainError } from './explain.js'
import { createProgressBar, type ProgressBar } from './progress.js'
import { formatBytes, plain } from './text.js'
import type { Words } from './words.js'

const usage = `Usage: honeydew pyramid <in> <out> [options]

Makes a TIFF with tiles at every power of two: a IIIF server sends them as they
are. <in> and <out> are two files, or two folders: then of all images that have
no pyramid yet, or an older one. Profile, Exif, XMP and IPTC are kept, and the
pixels are upright. A file appears when it is whole, and not before.

  --compression <c>  jpeg, webp (both lose a little), or deflate (loses nothing,
                     but is slow); default: jpeg, webp with transparency
  --quality <n>      from 1 to 100 (default 85); from 90 jpeg keeps all colours
  --tile <n>         the side of tiles: 64, 80, 96 to 4096 (default 512)
  --profile <p>      keep the ICC profile, or bring colours to srgb (keep)
  --bigtiff <b>      always, never, or auto: beyond 4 GB (auto)
  --max-pixels <n>   the largest image, or none (default 1000000000)
  --check            compares the pixels with the source before it is done
  --bound <n>        how far apart on average, of 255 (5, or 0 for deflate)
  --force            replaces files that are there
  --json             one line of JSON for each image
  --help             shows this text

Exit code: 0; 1 where an image failed; 2 where the words are wrong.
`

/** The command. */
export const command: Command = {
  usage,
  options: {
    compression: { type: 'string' },
    quality: { type: 'string' },
    tile: { type: 'string' },
    profile: { type: 'string' },
    bigtiff: { type: 'string' },
    'max-pixels': { type: 'string' },
    check: { type: 'boolean' },
    bound: { type: 'string' },
    force: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  run: runPyramid,
}

/** What is to be made, and who hears of it. */
interface Job {
  readonly input: string
  readonly output: string
  readonly options: WritePyramidOptions
  readonly isJson: boolean
  readonly bar: ProgressBar
  readonly io: Io
}

async function runPyramid(words: Words, io: Io): Promise<number> {
  const options = { ...(await readOptions(words)), signal: io.signal }
  const [input = '', output = ''] = words.places
  const isFolder = await stat(input).then(
    stats => stats.isDirectory(),
    () => false,
  )
  const bar = createProgressBar(io)
  const job = { input, output, options, isJson: words.has('json'), bar, io }
  try {
    return isFolder ? await makeFolder(job) : await makeFile(job)
  } finally {
    bar.clear()
  }
}

async function readOptions(words: Words): Promise<WritePyramidOptions> {
  const bound = words.number('bound', 0, 255)
  const options = {
    compression: words.choice('compression', ['auto', 'jpeg', 'webp', 'deflate']),
    profile: words.choice('profile', ['keep', 'srgb']),
    bigtiff: words.choice('bigtiff', ['auto', 'always', 'never']),
    quality: words.number('quality', 1, 100),
    tile: words.number('tile', 64, 4096),
    maxInputPixels: words.text('max-pixels') === 'none' ? Infinity : words.number('max-pixels', 1),
  }
  const problems = [...words.problems]
  const { resolvePyramidOptions } = await import('../image/pyramid-options.js')
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  for (const [name, value] of Object.entries(given)) {
    try {
      resolvePyramidOptions({ [name]: value })
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      problems.push(`--${error.message}`)
    }
  }
  if (words.places.length !== 2) {
    problems.push(`Expected two files or two folders but received ${words.places.length}`)
  }
  if (problems.length > 0) throw new UsageError(problems)
  const check = words.has('check') || bound !== undefined ? (bound ?? 'auto') : false
  return { ...given, force: words.has('force'), check }
}

async function makeFile({ input, output, options, isJson, bar, io }: Job): Promise<number> {
  const { writePyramid } = await import('../image/pyramid-writer.js')
  const onProgress = (part: number) => bar.show(input, part)
  const written = await writePyramid(input, output, { ...options, onProgress })
  bar.clear()
  const outcome = { name: input, output, kind: 'made', ...written }
  io.out(isJson ? `${JSON.stringify(outcome)}\n` : describe(output, written))
  return 0
}

async function makeFolder({ input, output, options, isJson, bar, io }: Job): Promise<number> {
  const { writePyramids } = await import('../pyramid-folder.js')
  const counts = { made: 0, fresh: 0, failed: 0 }
  const onProgress = (name: string, part: number) => bar.show(name, part)
  for await (const outcome of writePyramids(input, output, { ...options, onProgress })) {
    bar.clear()
    counts[outcome.kind] += 1
    const { name, kind } = outcome
    const error = kind === 'failed' ? explainError(outcome.error) : undefined
    if (isJson) {
      const written = kind === 'made' ? outcome.written : {}
      io.out(`${JSON.stringify({ name, output: outcome.output, kind, error, ...written })}\n`)
    } else if (kind === 'made') io.out(describe(outcome.output, outcome.written))
    if (error !== undefined) io.err(`${plain(name)}: ${error}\n`)
  }
  const { made, fresh, failed } = counts
  if (!isJson) io.out(`${made} made, ${fresh} up to date, ${failed} failed\n`)
  return failed > 0 ? 1 : 0
}

function describe(
  output: string,
  { plan, bytes, notes, comparison, isServedAsStored }: WrittenPyramid,
): string {
  const [{ width, height }] = plan.levels
  const levels = `${plan.levels.length} ${plan.levels.length === 1 ? 'level' : 'levels'}`
  const facts = [
    `${width} × ${height}`,
    `${plan.compression} tiles of ${plan.tile}`,
    levels,
    formatBytes(bytes),
    isServedAsStored ? 'sent as stored' : 'decoded for every tile',
    ...(comparison
      ? [
          `differs by ${comparison.mean.toFixed(2)} on average, ${comparison.worstTile.toFixed(2)} in the worst tile, at most ${comparison.max}`,
        ]
      : []),
  ]
  return `${plain(output)}: ${facts.join(', ')}\n${notes.map(note => `  ${plain(note)}\n`).join('')}`
}
