/* One worker as the first process sees it: from its start to its end. */
import cluster, { type Worker } from 'node:cluster'
import type { Given } from '../resolve.js'
import { closeUntaken } from './handover.js'
import type { ToPrimary, ToWorker, WorkerFacts } from './messages.js'

/** A worker could not begin. */
export class StartError extends Error {
  override readonly name = 'StartError'
  /** What the server ends with because of it. */
  readonly exitCode: 1 | 2
  /** Why, in lines for who started it. */
  readonly lines: readonly string[]

  constructor(exitCode: 1 | 2, lines: readonly string[]) {
    super(lines.join('\n'))
    this.exitCode = exitCode
    this.lines = lines
  }
}

/** How a worker ended. */
export interface Ending {
  /** In words: `with code 1`, `by SIGKILL`. */
  readonly how: string
  /** How many requests it has cut off, where it was told to stop and could tell. */
  readonly cut: number | undefined
}

/** A worker. */
export interface WorkerProcess {
  /** Its number, from 1; the first does what is to be done once. */
  readonly number: number
  /** The number of its process. */
  readonly pid: number | undefined
  /** Settles when it answers requests. @throws {@link StartError} where it cannot. */
  readonly ready: Promise<WorkerFacts>
  /** Settles when it has ended. */
  readonly ended: Promise<Ending>
  /** Says something to it; nothing is heard where it has ended. */
  send(message: ToWorker): void
  /** Has it come to its end, by force when it takes longer than that and a little more. */
  stop(boundMs: number): Promise<Ending>
  /** Ends it at once. */
  kill(): void
}

/* What a worker has after its time is over, to tell and to close what it has open. */
const marginMs = 3000
/* A worker that has told that it has stopped may wait for libvips, which cannot be stopped. */
const lingerMs = 500

/** Starts a worker. @param hear - is told what it says beside its beginning and its end */
export function startWorkerProcess(
  number: number,
  given: Given,
  hear: (message: ToPrimary, from: WorkerProcess) => void,
): WorkerProcess {
  const child = cluster.fork()
  closeUntaken(child.process)
  let cut: number | undefined
  const ended = watchEnd(child, () => cut)
  const { promise: ready, settle } = createReadiness(ended)
  const send = (message: ToWorker): void => {
    if (child.isConnected()) child.send(message, () => {})
  }
  const kill = (): void => void child.process.kill('SIGKILL')
  const worker: WorkerProcess = {
    number,
    pid: child.process.pid,
    ready,
    ended,
    send,
    kill,
    async stop(boundMs) {
      send({ kind: 'stop', boundMs })
      const timer = setTimeout(kill, boundMs + marginMs)
      const ending = await ended
      clearTimeout(timer)
      return ending
    },
  }
  child.on('message', (message: ToPrimary) => {
    if (message.kind === 'hello') {
      const { flags, folder } = given
      send({ kind: 'start', given: { flags, folder }, worker: number })
    } else if (message.kind === 'ready') settle(message.facts)
    else if (message.kind === 'failed') settle(new StartError(message.exitCode, message.lines))
    else if (message.kind === 'stopped') {
      cut = message.cut
      setTimeout(kill, lingerMs).unref()
    } else hear(message, worker)
  })
  child.on('error', () => {})
  return worker
}

function watchEnd(child: Worker, readCut: () => number | undefined): Promise<Ending> {
  return new Promise(resolve => {
    child.once('exit', (code: number | null, signal: string | null) =>
      resolve({ how: signal ? `by ${signal}` : `with code ${code}`, cut: readCut() }),
    )
  })
}

function createReadiness(ended: Promise<Ending>): {
  readonly promise: Promise<WorkerFacts>
  settle(result: WorkerFacts | StartError): void
} {
  let settle: (result: WorkerFacts | StartError) => void = () => {}
  const promise = new Promise<WorkerFacts>((resolve, reject) => {
    settle = result => (result instanceof StartError ? reject(result) : resolve(result))
    ended.then(({ how }) => reject(new StartError(1, [`A worker ended ${how} before it could begin`])))
  })
  // Who waits for it hears of it.
  promise.catch(() => {})
  return { promise, settle }
}
