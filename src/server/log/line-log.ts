/* A log of lines that nobody waits for: they are gathered, written a few times a second, and dropped with a count where
   more come than can be written. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sink } from './sink.js'

/** A log of lines. */
export interface LineLog {
  /** Writes a line, soon; never waits, never throws. */
  write(line: string): void
  /** How many lines were dropped: the disk was full, or too slow. */
  dropped(): number
  /** Writes what is in hand and opens the file anew. */
  reopen(): Promise<void>
  /** Writes what is in hand and gives the file back. */
  close(): Promise<void>
}

/** How {@link createLineLog} writes. */
export interface LineLogOptions {
  /** Where to. */
  readonly sink: Sink
  /** How many bytes may wait to be written; beyond it lines are dropped. @defaultValue 4 MiB */
  readonly maxPendingBytes?: number
  /** Hears of a failure, once until it is over. */
  readonly onFailure?: (error: Error) => void
}

/* Lines wait for one another: a call of the system for each would cost more than all else that is done for it. */
const gatherMs = 100
/* A disk that is full is not tried again at once. */
const pauseMs = 1000
/* Nobody waits longer for a disk or a reader that hangs. */
const patienceMs = 2000

/** Creates a log of lines. */
export function createLineLog({ sink, maxPendingBytes = 2 ** 22, onFailure }: LineLogOptions): LineLog {
  let [lines, pendingBytes, dropped] = [[] as string[], 0, 0]
  let timer: NodeJS.Timeout | undefined
  const writer = createWriter(sink, onFailure)
  const flush = async (): Promise<void> => {
    const [taken, takenBytes] = [lines, pendingBytes]
    lines = []
    if (taken.length > 0 && !(await writer.write(taken))) dropped += taken.length
    pendingBytes -= takenBytes
  }
  const queue = createQueue(onFailure)
  const schedule = (): void => {
    if (timer !== undefined) return
    const run = async (): Promise<void> => {
      await queue(flush)
      timer = undefined
      if (lines.length > 0) schedule()
    }
    timer = setTimeout(run, writer.isFailing() ? pauseMs : gatherMs).unref()
  }
  return {
    write(line) {
      const bytes = Buffer.byteLength(line) + 1
      if (pendingBytes + bytes > maxPendingBytes) {
        dropped += 1
        return
      }
      lines.push(`${line}\n`)
      pendingBytes += bytes
      schedule()
    },
    dropped: () => dropped,
    reopen: () => within(patienceMs, Promise.all([queue(flush), queue(sink.reopen)])),
    close: () => within(patienceMs, Promise.all([queue(flush), queue(sink.close)])),
  }
}

interface Writer {
  /** Writes lines; `false` where not all of them were. */
  write(lines: readonly string[]): Promise<boolean>
  isFailing(): boolean
}

function createWriter(sink: Sink, onFailure: LineLogOptions['onFailure']): Writer {
  let isFailing = false
  return {
    isFailing: () => isFailing,
    async write(lines) {
      try {
        // What broke off must not run into the next line.
        await sink.write(Buffer.from(`${isFailing ? '\n' : ''}${lines.join('')}`))
        isFailing = false
        return true
      } catch (error) {
        if (!isFailing) onFailure?.(error as Error)
        isFailing = true
        return false
      }
    },
  }
}

/* One step after the other, whatever becomes of each. */
function createQueue(
  onFailure: LineLogOptions['onFailure'],
): (step: () => Promise<unknown>) => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve()
  return step => {
    last = last.then(step).catch(error => onFailure?.(error))
    return last
  }
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const controller = new AbortController()
  await Promise.race([work, sleep(milliseconds, undefined, { signal: controller.signal }).catch(() => {})])
  controller.abort()
}
