/* One lane of work: how much of it goes on side by side, who comes next, how long anybody waits. */
import { buildAborted, OverloadedError, throwIfAborted } from '../errors.js'
import { createFairQueue, type FairQueue } from './fair-queue.js'

/** How wide and how long a lane is. */
export interface LaneSettings {
  /** How much work goes on side by side. */
  readonly concurrency: number
  /** How much work waits at most. */
  readonly maxQueue: number
  /** How long work waits at most, in milliseconds. */
  readonly maxWaitMs: number
}

/** What a lane has done and has to do. */
export interface LaneStats {
  /** Work that goes on now. */
  readonly running: number
  /** Work that waits now. */
  readonly queued: number
  /** Work that was let in so far. */
  readonly admitted: number
  /** Work that was refused because the queue was full or the wait too long. */
  readonly refused: number
  /** Work whose client left while it waited. */
  readonly abandoned: number
}

/** Work that waits to be let in. */
export interface LaneRequest {
  /** Who asks; each client has its turn, and none gets the whole lane. */
  readonly client: string
  /** Takes what the work needs beside a place in the lane; `false` where there is not enough of it now. */
  readonly take: () => boolean
  /** Whether the work goes on with what was let in before: it is not refused, whatever waits. */
  readonly resumes: boolean
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal | undefined
}

/** How a lane gives way to another one. */
export interface Pace {
  /** For how long nothing may start yet, in milliseconds. */
  readonly delayMs: () => number
  /** Hears how long work has taken, in milliseconds. */
  readonly onEnd: (workMs: number) => void
}

/** A lane. */
export interface Lane {
  /**
   * Waits for a place in the lane; at once where there is one.
   *
   * @returns what gives the place back; to be called once
   * @throws {@link OverloadedError} when the queue is full or the wait too long; {@link AbortedError} when the client leaves.
   */
  enter(request: LaneRequest): Promise<() => void>
  /** Lets in whoever can be, because something was given back. */
  advance(): void
  /** What the lane has done and has to do. */
  stats(): LaneStats
}

interface Ticket extends LaneRequest {
  readonly line: FairQueue<Ticket>
  readonly admit: () => void
  readonly refuse: (error: Error) => void
}

/* The latest durations count most: an average over about this many works. */
const averagedWorks = 16

const maxRetrySeconds = 60

const atOnce: Pace = { delayMs: () => 0, onEnd() {} }

/** Creates a lane. */
export function createLane(settings: LaneSettings, pace: Pace = atOnce): Lane {
  return new FairLane(settings, pace)
}

class FairLane implements Lane {
  readonly #settings: LaneSettings
  readonly #pace: Pace
  readonly #queue: FairQueue<Ticket>
  readonly #resumed: FairQueue<Ticket> = createFairQueue(Infinity)
  /** How much work of each client goes on. */
  readonly #running = new Map<string, number>()
  readonly #count = { running: 0, admitted: 0, refused: 0, abandoned: 0 }
  /** How long work takes. */
  #averageMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(settings: LaneSettings, pace: Pace) {
    this.#settings = settings
    this.#pace = pace
    this.#queue = createFairQueue(settings.maxQueue)
  }

  async enter(request: LaneRequest): Promise<() => void> {
    throwIfAborted(request.signal)
    return this.#hasPlace() && this.#isReady(request.client) && !this.#findNext() && request.take()
      ? this.#start(request.client)
      : this.#wait(request)
  }

  /* Who comes next but needs more than there is holds up those behind him: otherwise the small would starve the large. */
  advance(): void {
    while (this.#hasPlace()) {
      const next = this.#findNext()
      if (!next?.take()) return
      next.line.serve(next)
      next.admit()
    }
  }

  stats(): LaneStats {
    return { ...this.#count, queued: this.#queue.size + this.#resumed.size }
  }

  #hasPlace(): boolean {
    if (this.#count.running >= this.#settings.concurrency) return false
    const delayMs = this.#pace.delayMs()
    clearTimeout(this.#timer)
    if (delayMs <= 0) return true
    this.#timer = setTimeout(() => this.advance(), delayMs).unref()
    return false
  }

  /* Those who wait for a place of their own client keep nobody else waiting. */
  #findNext(): Ticket | undefined {
    const isReady = (client: string): boolean => this.#isReady(client)
    return this.#resumed.peek(isReady) ?? this.#queue.peek(isReady)
  }

  /* One place is left to the others, whatever one client asks for. */
  #isReady(client: string): boolean {
    return (this.#running.get(client) ?? 0) < Math.max(1, this.#settings.concurrency - 1)
  }

  #start(client: string): () => void {
    const started = performance.now()
    this.#running.set(client, (this.#running.get(client) ?? 0) + 1)
    this.#count.running += 1
    this.#count.admitted += 1
    return () => {
      const left = (this.#running.get(client) ?? 1) - 1
      if (left > 0) this.#running.set(client, left)
      else this.#running.delete(client)
      this.#count.running -= 1
      const workMs = performance.now() - started
      this.#averageMs += (workMs - this.#averageMs) / averagedWorks
      this.#pace.onEnd(workMs)
      this.advance()
    }
  }

  #wait(request: LaneRequest): Promise<() => void> {
    const line = request.resumes ? this.#resumed : this.#queue
    return new Promise((resolve, reject) => {
      const ticket: Ticket = {
        ...request,
        line,
        admit: () => {
          settle()
          resolve(this.#start(request.client))
        },
        refuse(error) {
          settle()
          reject(error)
        },
      }
      const leave = (): void => {
        this.#count.abandoned += 1
        line.remove(ticket)
        ticket.refuse(buildAborted(request.signal))
        this.advance()
      }
      const expire = (): void => {
        line.remove(ticket)
        this.#refuse(ticket, 'The server is busy; the request has waited for too long.')
        this.advance()
      }
      const { maxWaitMs } = this.#settings
      const isPatient = request.resumes || maxWaitMs === Infinity
      const timer = isPatient ? undefined : setTimeout(expire, maxWaitMs)
      const settle = (): void => {
        clearTimeout(timer)
        request.signal?.removeEventListener('abort', leave)
      }
      request.signal?.addEventListener('abort', leave, { once: true })
      const loser = line.push(ticket)
      if (loser) this.#refuse(loser, 'The server is busy; too many requests wait already.')
      this.advance()
    })
  }

  #refuse(ticket: Ticket, message: string): void {
    this.#count.refused += 1
    const seconds = (this.#averageMs * (this.#queue.size + 1)) / this.#settings.concurrency / 1000
    ticket.refuse(new OverloadedError(message, Math.min(maxRetrySeconds, Math.max(1, Math.ceil(seconds)))))
  }
}
