// The compiled program as a process: what signals, pipes and terminals do to it.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromPixels, wavePixels } from '../image/picture.js'

const program = resolve(import.meta.dirname, '../../dist/cli/main.js')
let folder = ''
let input = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydew-program-'))
  input = join(folder, 'in.png')
  await fromPixels(wavePixels(3000, 2000)).png({ compressionLevel: 0 }).toFile(input)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Starts a pyramid that takes seconds, and waits until libvips writes it. */
async function startPyramid(output: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [
    program,
    'pyramid',
    input,
    join(folder, output),
    '--compression',
    'webp',
  ])
  for (;;) {
    const workshop = (await readdir(folder)).find(name => name.startsWith(`.${output}.`))
    const size = workshop
      ? await stat(join(folder, workshop, 'pyramid.tif')).then(
          stats => stats.size,
          () => 0,
        )
      : 0
    if (size > 0) return child
    if (child.exitCode !== null) throw new Error('it ended before it could be stopped')
    await new Promise(settle => setTimeout(settle, 5))
  }
}

describe('Ctrl-C', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends it, and leaves nothing: %s', async signal => {
    const child = await startPyramid('stopped.tif')
    // A terminal and npm both hand it on.
    child.kill(signal)
    child.kill(signal)
    const [code, received] = await once(child, 'exit')
    expect([code, received]).toEqual([null, signal])
    expect(await readdir(folder)).toEqual(['in.png'])
  })
})

it('what a kill leaves is swept by the next run', async () => {
  const child = await startPyramid('killed.tif')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect((await readdir(folder)).filter(name => name.endsWith('.part'))).toHaveLength(1)
  const words = [program, 'pyramid', input, join(folder, 'next.tif')]
  await promisify(execFile)(process.execPath, words)
  expect((await readdir(folder)).sort()).toEqual(['in.png', 'next.tif'])
})

it('what nobody reads any more is no reason for a stack', async () => {
  const child = spawn('sh', [
    '-c',
    '"$1" "$2" doctor "$3" --quick --json | true',
    'sh',
    process.execPath,
    program,
    folder,
  ])
  let errors = ''
  child.stderr.on('data', data => {
    errors += data
  })
  await once(child, 'close')
  expect(errors).toBe('')
})

it('exit codes: 0, 1 and 2', async () => {
  const codeOf = (...words: string[]) =>
    promisify(execFile)(process.execPath, [program, ...words]).then(
      () => 0,
      error => error.code,
    )
  const codes = [
    codeOf('--version'),
    codeOf('pyramid', join(folder, 'x.jpg'), join(folder, 'y.tif')),
    codeOf('fly'),
  ]
  expect(await Promise.all(codes)).toEqual([0, 1, 2])
})
