/* `honeydew export`: makes of an image a folder that any web server can hand out. */
import { stat } from 'node:fs/promises'
import { ToolError } from '../errors.js'
import type { ExportOptions } from '../presentation/export-level-0.js'
import type { Format } from '../protocol/format.js'
import { type Command, type Io, UsageError } from './command.js'
import { createProgressBar } from './progress.js'
import { formatBytes, plain } from './text.js'
import type { Words } from './words.js'

const usage = `Usage: honeydew export <identifier> <folder> --uri <uri> [options]

Makes of an image a folder of files that any web server can hand out: tiles,
info.json (level 0) and a manifest; viewers open it as they open a service. The
documents come last. What was stopped goes on where it was when it is called
again, and does nothing where nothing has changed.

  --uri <uri>        where the folder will be found; it stands in documents
  --images <folder>  where the image is (default: the working directory)
  --version <v>      of the Image API: 2 or 3 (default 3)
  --tile <n>         the side of tiles (default: that of the tiles in the image)
  --formats <list>   such as jpg,webp; each takes the same room again (jpg)
  --pages            exports all pages, not only the first
  --force            overwrites an export of something else
  --json             tells the result as one line of JSON
  --help             shows this text

Exit code: 0; 1 where it failed; 2 where the words are wrong.
`

/** The command. */
export const command: Command = {
  usage,
  options: {
    uri: { type: 'string' },
    images: { type: 'string' },
    version: { type: 'string' },
    tile: { type: 'string' },
    formats: { type: 'string' },
    pages: { type: 'boolean' },
    force: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  run: runExport,
}

async function runExport(words: Words, io: Io): Promise<number> {
  const options = await readOptions(words)
  const [identifier = '', folder = ''] = words.places
  const { createImageService } = await import('../service.js')
  const { fileSource } = await import('../source/file.js')
  const { createMetaIdentifierCodec } = await import('../protocol/meta-identifier.js')
  const { exportLevel0 } = await import('../presentation/export-level-0.js')
  const images = words.text('images') ?? '.'
  if (!(await isFolder(images))) throw new ToolError(`There is no folder "${images}".`)
  const codec = createMetaIdentifierCodec()
  const service = createImageService({
    source: fileSource(images),
    cache: false,
    maintenance: false,
  })
  const bar = createProgressBar(io)
  try {
    const result = await exportLevel0(service, identifier, folder, {
      ...options,
      ...(words.has('pages') && {
        formatPageIdentifier: (name: string, page: number) => codec.format({ ...codec.parse(name), page }),
      }),
      signal: io.signal,
      onProgress: ({ done, total }) => bar.show(identifier, done / total),
    })
    bar.clear()
    const { total, skipped, bytes, info } = result
    const made = `${total} images, ${skipped} of them there before, ${formatBytes(bytes)} written`
    io.out(words.has('json') ? `${JSON.stringify(result)}\n` : `${plain(folder)}: ${made}; open ${info}\n`)
    return 0
  } finally {
    bar.clear()
    await service.close()
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    stats => stats.isDirectory(),
    () => false,
  )
}

/* The names of options on the command line, by those in the library. */
const names = { baseUri: 'uri', tileSize: 'tile', formats: 'formats' } as const

async function readOptions(words: Words): Promise<ExportOptions> {
  const version = words.choice('version', ['2', '3'])
  const tileSize = words.number('tile', 16)
  const formats = words.text('formats')?.split(',') as Format[] | undefined
  const options: ExportOptions = {
    baseUri: words.text('uri') ?? '',
    overwrite: words.has('force'),
    ...(version && { version: version === '2' ? 2 : 3 }),
    ...(tileSize !== undefined && { tileSize }),
    ...(formats && { formats }),
  }
  const { checkExportOptions } = await import('../presentation/export-level-0.js')
  const problems = [...words.problems]
  for (const [name, word] of Object.entries(names)) {
    try {
      checkExportOptions({ baseUri: 'http://localhost', [name]: options[name as keyof typeof names] })
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      problems.push(error.message.replace(name, `--${word}`))
    }
  }
  if (words.places.length !== 2)
    problems.push(`Expected an identifier and a folder but received ${words.places.length}`)
  if (problems.length > 0) throw new UsageError(problems)
  return options
}
