// The compiled server as a process, in a folder of its own, and clients that ask it over and over.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { fromPixels, wavePixels } from '../image/picture.js'

const program = resolve(import.meta.dirname, '../../dist/cli/main.js')

/** A server that runs. */
export interface Served {
  readonly child: ChildProcess
  readonly pid: number
  readonly port: number
  /** Where it answers, without a slash at its end. */
  readonly origin: string
  out(): string
  err(): string
  /** Waits until the server has told something. */
  told(pattern: RegExp): Promise<RegExpExecArray>
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

export type Environment = Readonly<Record<string, string>>

/** A folder with `photos/wave.png` in it, for all tests of a file. */
export function useFolder(): { path(...names: string[]): string } {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'honeydew-serve-'))
    await mkdir(join(folder, 'photos'))
    await fromPixels(wavePixels(1200, 800)).png().toFile(join(folder, 'photos/wave.png'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return { path: (...names) => join(folder, ...names) }
}

const running = new Set<ChildProcess>()

afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts the program, whatever becomes of it. */
export function launch(
  cwd: string,
  words: readonly string[],
  environment: Environment = {},
): Omit<Served, 'port' | 'origin'> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('HONEYDEW_')),
  )
  const child = spawn(process.execPath, [program, 'serve', ...words], {
    cwd,
    env: { ...env, ...environment },
  })
  running.add(child)
  let [out, err] = ['', '']
  child.stdout.on('data', data => {
    out += data
  })
  child.stderr.on('data', data => {
    err += data
  })
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child)
    return (code ?? signal) as number | string
  })
  return {
    child,
    pid: child.pid ?? 0,
    out: () => out,
    err: () => err,
    ended,
    async told(pattern) {
      for (;;) {
        const found = pattern.exec(err)
        if (found) return found
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`The server ended before it told ${pattern}: ${err}`)
        await new Promise(settle => setTimeout(settle, 10))
      }
    },
  }
}

/** Starts a server that answers. */
export async function start(
  cwd: string,
  words: readonly string[] = [],
  environment: Environment = {},
): Promise<Served> {
  const served = launch(cwd, ['photos', '--port', '0', ...words], environment)
  const [, scheme, port] = await served.told(/ at (https?):\/\/\S+?:(\d+)\/ by /)
  return { ...served, port: Number(port), origin: `${scheme}://127.0.0.1:${port}` }
}

/** The processes that a process has started. */
export function listChildren(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(settle => setTimeout(settle, 20))
}

/** An answer. */
export interface Answered {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

/** Asks by a connection of its own: with several workers each goes to the next one. */
export async function askOnce(
  url: string,
  options: http.RequestOptions = {},
  body: string | Buffer = '',
): Promise<Answered> {
  const request = http.request(url, { agent: false, ...options })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString(),
  }
}

/** What became of requests. */
export interface Tally {
  /** How many came back whole, by their status. */
  readonly statuses: Record<string, number>
  /** What became of others, in words. */
  readonly failures: string[]
}

/** Clients that keep their connections and ask one request after the other. */
export interface Load {
  /** What has come of it so far. */
  readonly tally: Tally
  /** Ends the clients when what they have asked for is there. */
  stop(): Promise<Tally>
}

/* Small pictures, each another one, so that no cache has it. */
let number = 0
const nextPath = (): string => {
  number += 1
  return `/iiif/3/wave.png/${number % 300},${number % 100},600,400/${100 + (number % 200)},/0/default.jpg`
}

/**
 * Begins to ask. A client whose connection is refused has nobody to ask any more, and ends; a connection that ends before
 * anything of a request could be sent on it loses nothing either.
 */
export function load(port: number, clients: number): Load {
  const tally: Tally = { statuses: {}, failures: [] }
  let isOver = false
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients, scheduling: 'fifo' })
  const run = async (): Promise<void> => {
    while (!isOver) {
      const result = await ask(port, nextPath(), agent)
      if (result === 'ECONNREFUSED') return
      if (typeof result === 'number') tally.statuses[result] = (tally.statuses[result] ?? 0) + 1
      else tally.failures.push(result)
    }
  }
  const all = Promise.all(Array.from({ length: clients }, run))
  return {
    tally,
    async stop() {
      isOver = true
      await all
      agent.destroy()
      return tally
    },
  }
}

function ask(port: number, path: string, agent: http.Agent): Promise<number | string> {
  return new Promise(settle => {
    const request = http.get({ host: '127.0.0.1', port, path, agent }, response => {
      response.on('data', () => {})
      response.on('close', () => settle(response.complete ? (response.statusCode ?? 0) : 'cut off'))
      response.on('error', () => {})
    })
    request.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
  })
}
