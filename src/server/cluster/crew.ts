/* All workers together: started, started again when they crash, and replaced one by one. */
import type { ErrorLog } from '../log/error-log.js'
import type { Given } from '../resolve.js'
import type { ToPrimary, ToWorker, WorkerFacts } from './messages.js'
import { createRelay, type Relay } from './relay.js'
import { type Ending, StartError, startWorkerProcess, type WorkerProcess } from './worker-process.js'

/** What a crew is made with. */
export interface CrewOptions {
  /** What the workers read their options from. */
  readonly given: Given
  /** Is told of crashes. */
  readonly log: ErrorLog
  /** Hears what is for who started the server; each worker that takes the place of another says it again. */
  onNotice(text: string): void
  /** No worker is left, and none can begin any more. */
  onLost(error: StartError): void
}

interface Slot {
  /** The number of the worker, from 1. */
  readonly number: number
  /** Who answers. */
  current?: WorkerProcess | undefined
  /** Since when. */
  since: number
  /** How often in a row a worker of this number has ended soon, or could not begin. */
  failures: number
  timer?: NodeJS.Timeout | undefined
}

const firstPauseMs = 100
const longestPauseMs = 30_000
/* Who lives so long has begun well. */
const soonMs = 60_000
/* So often it is tried where nobody is left who answers. */
const maxFailures = 5

/* A class for the sake of its state: who is there, and what they are to become. */
/** The workers. */
export class Crew {
  readonly #options: CrewOptions
  readonly #relay: Relay = createRelay()
  readonly #alive: Set<WorkerProcess> = new Set()
  #slots: Slot[] = []
  #isStopping = false
  #facts: WorkerFacts | undefined

  constructor(options: CrewOptions) {
    this.#options = options
  }

  /** What the worker that has begun last has told of its options. */
  get facts(): WorkerFacts | undefined {
    return this.#facts
  }

  /** Starts them all. @throws {@link StartError} where one cannot begin; then none is left. */
  async start(count: number): Promise<void> {
    try {
      await this.#add(count)
    } catch (error) {
      this.kill()
      throw error
    }
  }

  /**
   * Replaces them one by one by such that have read their options anew.
   *
   * @throws {@link StartError} where one of these cannot begin: it and those behind it are not replaced.
   */
  async replace(): Promise<void> {
    for (const slot of [...this.#slots]) {
      if (slot.number > (this.#facts?.workers ?? 0)) break
      clearTimeout(slot.timer)
      const fresh = await this.#launch(slot).catch((error: unknown) => {
        // Where nobody was, somebody is still to be: the timer for that is gone.
        this.#fail(slot, error)
        throw error
      })
      const old = slot.current
      this.#adopt(slot, fresh)
      await old?.stop(this.#shutdownMs())
      if (this.#isStopping) return
    }
    const wanted = this.#facts?.workers ?? this.#slots.length
    const extra = this.#slots.splice(wanted)
    await Promise.all(extra.map(({ current }) => current?.stop(this.#shutdownMs())))
    try {
      await this.#add(wanted - this.#slots.length)
    } catch (error) {
      for (const slot of this.#slots) if (!slot.current) this.#fail(slot, error)
      throw error
    }
  }

  /** Says something to all of them. */
  tell(message: ToWorker): void {
    for (const worker of this.#alive) worker.send(message)
  }

  /** Has all of them come to their end. @returns how many requests were cut off; who could not tell counts as one */
  async stop(boundMs: number): Promise<number> {
    this.#isStopping = true
    for (const { timer } of this.#slots) clearTimeout(timer)
    const endings = await Promise.all([...this.#alive].map(worker => worker.stop(boundMs)))
    return endings.reduce((sum, { cut = 1 }) => sum + cut, 0)
  }

  /** Ends all of them at once. */
  kill(): void {
    this.#isStopping = true
    for (const { timer } of this.#slots) clearTimeout(timer)
    for (const worker of this.#alive) worker.kill()
  }

  async #add(count: number): Promise<void> {
    const first = this.#slots.length + 1
    const added: Slot[] = Array.from({ length: count }, (_, index) => ({
      number: first + index,
      since: 0,
      failures: 0,
    }))
    this.#slots.push(...added)
    await Promise.all(added.map(async slot => this.#adopt(slot, await this.#launch(slot))))
  }

  async #launch(slot: Slot): Promise<WorkerProcess> {
    const { given } = this.#options
    const worker = startWorkerProcess(slot.number, given, (message, from) => this.#hear(message, from))
    this.#alive.add(worker)
    void worker.ended.then(ending => {
      this.#alive.delete(worker)
      this.#relay.forget(worker)
      this.#notice(slot, worker, ending)
    })
    this.#facts = await worker.ready
    return worker
  }

  #adopt(slot: Slot, worker: WorkerProcess): void {
    slot.current = worker
    slot.since = performance.now()
    if (this.#isStopping || !this.#slots.includes(slot)) void worker.stop(this.#shutdownMs())
  }

  /* A worker has ended; where nobody wanted that, another one takes its place. */
  #notice(slot: Slot, worker: WorkerProcess, { how }: Ending): void {
    if (slot.current !== worker || this.#isStopping || !this.#slots.includes(slot)) return
    slot.current = undefined
    slot.failures = performance.now() - slot.since > soonMs ? 1 : slot.failures + 1
    this.#options.log.tell('error', `Worker ${slot.number} (process ${worker.pid}) has ended ${how}.`)
    this.#retry(slot)
  }

  #retry(slot: Slot): void {
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (slot.failures - 1))
    const begin = async (): Promise<void> => {
      try {
        const worker = await this.#launch(slot)
        // It may have been replaced in the meantime.
        if (slot.current) await worker.stop(0)
        else this.#adopt(slot, worker)
      } catch (error) {
        this.#fail(slot, error)
      }
    }
    clearTimeout(slot.timer)
    slot.timer = setTimeout(begin, pauseMs)
  }

  #fail(slot: Slot, error: unknown): void {
    if (this.#isStopping || slot.current) return
    slot.failures += 1
    const problem = error instanceof StartError ? error : new StartError(1, [String(error)])
    for (const line of problem.lines) this.#options.log.tell('error', `Worker ${slot.number}: ${line}`)
    const isNobodyLeft = this.#slots.every(({ current }) => current === undefined)
    if (isNobodyLeft && slot.failures > maxFailures) this.#options.onLost(problem)
    else this.#retry(slot)
  }

  #hear(message: ToPrimary, from: WorkerProcess): void {
    if (message.kind === 'answer') this.#relay.take(from, message)
    else if (message.kind === 'notice') this.#options.onNotice(message.text)
    else if (message.kind === 'ask') void this.#relay.ask(from, message, this.#choose(message, from))
  }

  #choose(
    { to, question }: Extract<ToPrimary, { readonly kind: 'ask' }>,
    from: WorkerProcess,
  ): readonly WorkerProcess[] {
    const current = this.#slots.flatMap(slot => slot.current ?? [])
    if (to === 'lead') return current.filter(({ number }) => number === 1)
    // Also who is about to end still answers, and must not answer with what is to be forgotten.
    const asked = question.what === 'purge' ? [...this.#alive] : current
    return asked.filter(worker => worker !== from)
  }

  #shutdownMs(): number {
    return (this.#facts?.shutdownSeconds ?? 0) * 1000
  }
}
