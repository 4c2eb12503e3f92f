/* Real processes of examples/cluster behind a real HAProxy with the configuration of the examples, and those who ask. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { Agent, get, type IncomingMessage } from 'node:http'
import { resolve } from 'node:path'
import process from 'node:process'
import { takePort } from '../../bench/port.js'

const root = resolve(import.meta.dirname, '../../..')

/** Whether HAProxy is installed. */
export const hasHaproxy: boolean = spawnSync('haproxy', ['-v'], { stdio: 'ignore' }).status === 0

/** What a replica tells of itself. */
export interface Figures {
  /** How many images were taken out of the cache. */
  readonly hits: number
  /** How many images were made. */
  readonly misses: number
}

/** An image server of the cluster. */
export interface Replica {
  readonly port: number
  /** Starts it, and waits until it listens. */
  start(): Promise<void>
  /** What it has done since it was started. */
  readFigures(): Promise<Figures>
  /** Sends a signal and waits for the end; gives the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** Creates a replica that is not yet started. */
export async function createReplica(folder: string, env: Readonly<Record<string, string>>): Promise<Replica> {
  if (!existsSync(resolve(root, 'dist/index.js')))
    throw new Error('dist/ is missing: run `npm run build` first.')
  const port = await takePort()
  let child: ChildProcess | undefined
  return {
    port,
    async start() {
      child = spawn(process.execPath, ['examples/cluster/replica.js', folder], {
        cwd: root,
        env: { ...process.env, ...env, PORT: String(port) },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const gone = once(child, 'exit').then(([code]) => {
        throw new Error(`A replica ended with ${code}.`)
      })
      gone.catch(() => {})
      await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), gone])
    },
    async readFigures() {
      const { images } = (await (await fetch(`http://127.0.0.1:${port}/status`)).json()) as {
        images: Record<string, Record<string, number>>
      }
      const sum = (outcome: string) =>
        Object.values(images).reduce((total, outcomes) => total + (outcomes[outcome] ?? 0), 0)
      return { hits: sum('hit'), misses: sum('miss') }
    },
    async end(signal) {
      if (!child || child.exitCode !== null || child.signalCode !== null) return null
      const ended = once(child, 'exit') as Promise<[number | null]>
      child.kill(signal)
      return (await ended)[0]
    },
  }
}

/** A balancer that runs. */
export interface Balancer {
  readonly port: number
  stop(): Promise<void>
}

/** Starts HAProxy in front of replicas. */
export async function startBalancer(replicas: readonly Replica[]): Promise<Balancer> {
  const port = await takePort()
  const places = replicas.map(({ port: at }, index) => [`REPLICA_${index + 1}`, `127.0.0.1:${at}`])
  const child = spawn('haproxy', ['-db', '-f', 'examples/cluster/haproxy.cfg'], {
    cwd: root,
    env: { ...process.env, ...Object.fromEntries(places), HTTP_PORT: String(port) },
    stdio: 'ignore',
  })
  for (let left = 250; child.exitCode === null; left -= 1) {
    const status = await ask(port, '/', new Agent()).then(
      ({ statusCode }) => statusCode,
      () => 0,
    )
    if (status === 404) break
    if (left === 0) throw new Error('HAProxy does not listen.')
    await new Promise(later => setTimeout(later, 40))
  }
  return {
    port,
    async stop() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** An answer that had begun and did not come to its end: it cannot be asked for again. */
export class BrokenOff extends Error {}

/** Asks, and takes the whole answer. @throws {@link BrokenOff} */
export function ask(
  port: number,
  path: string,
  agent: Agent,
): Promise<{ readonly statusCode: number; readonly body: Buffer }> {
  return new Promise((answer, fail) => {
    const request = get({ host: '127.0.0.1', port, path, agent }, (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.once('error', cause => fail(new BrokenOff('An answer broke off.', { cause })))
      response.once('end', () =>
        answer({ statusCode: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
      )
    })
    request.once('error', fail)
  })
}

/** Clients who ask for one thing after another. */
export interface Load {
  /** How many answers were right. */
  readonly answered: number
  /** What went wrong. */
  readonly failures: readonly string[]
  /** How many answers broke off. */
  readonly brokenOff: number
  /** Waits until so many more answers have come. */
  wait(answers: number): Promise<void>
  /** Lets all come to an end. */
  stop(): Promise<void>
}

/** Starts clients, each with a connection of its own, who ask for the paths in turn. */
export function startLoad(port: number, paths: readonly string[], clients: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const failures: string[] = []
  let [answered, brokenOff, asked, isOver] = [0, 0, 0, false]
  const run = async (): Promise<void> => {
    while (!isOver) {
      const path = paths[asked++ % paths.length] ?? '/'
      try {
        const { statusCode, body } = await ask(port, path, agent)
        if (statusCode === 200 && body.length > 0) answered += 1
        else failures.push(`${path}: ${statusCode}`)
      } catch (error) {
        if (error instanceof BrokenOff) brokenOff += 1
        else failures.push(`${path}: ${error}`)
      }
    }
  }
  const running = Array.from({ length: clients }, run)
  return {
    get answered() {
      return answered
    },
    failures,
    get brokenOff() {
      return brokenOff
    },
    async wait(answers) {
      const until = answered + answers
      while (answered < until && failures.length < 100) await new Promise(later => setTimeout(later, 10))
    },
    async stop() {
      isOver = true
      await Promise.all(running)
      agent.destroy()
    },
  }
}
