/* How much a folder holds, known without looking through it, by several processes, without a lock: each adds a line to
   one file, `usage`, with what it has added and taken away; the sum of all lines is what is there. Lines that get lost
   (a process was killed, two gave a report at the same instant over a network) make the sum wrong by an entry or two,
   until the next sweep counts anew. */
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createDebug } from '../debug.js'
import { createTempPath, inFolder, unlessMissing } from './file-folder.js'

const debug = createDebug('cache:file')

/** Bytes and entries. */
export interface Amount {
  /** The bytes that the entries take on the disk. */
  readonly bytes: number
  /** How many they are. */
  readonly entries: number
}

/** What a folder holds. */
export interface Usage {
  /** What it holds, as far as this process knows. */
  current(): Amount
  /** Notes that an entry comes or goes. */
  add(bytes: number, entries: 1 | -1): void
  /** Whether so much has come and gone that the others must hear of it. */
  isDue(): boolean
  /** Tells the others, and hears from them; `false` where nothing is known of what lies in the folder. */
  exchange(): Promise<boolean>
  /** Opens the account of a folder that is empty. Should another process do the same, then both did nothing. */
  begin(): Promise<unknown>
  /** Corrects the account by what `count` finds, unless that was given up. */
  recount<T extends { readonly kept: Amount }>(count: () => Promise<T | undefined>): Promise<T | undefined>
}

/** No bytes, no entries. */
export const nothing: Amount = { bytes: 0, entries: 0 }

/** Creates the account of a folder. @param stepBytes - what may come and go before the others must hear of it. */
export function createUsage(folder: string, stepBytes: number): Usage {
  const ledger = createLedger(folder)
  const inTurn = createQueue()
  let shared = nothing
  let pending = nothing
  let movedBytes = 0
  const exchange = async (): Promise<boolean> => {
    const known = await ledger.read()
    shared = known ?? nothing
    const told = pending
    movedBytes = 0
    if ((told.bytes === 0 && told.entries === 0) || !(await ledger.append(told))) return known !== undefined
    shared = plus(shared, told)
    pending = plus(pending, told, -1)
    return known !== undefined
  }
  return {
    current() {
      const { bytes, entries } = plus(shared, pending)
      return { bytes: Math.max(0, bytes), entries: Math.max(0, entries) }
    },
    add(bytes, entries) {
      pending = plus(pending, { bytes, entries: 1 }, entries)
      movedBytes += bytes
    },
    isDue: () => movedBytes >= stepBytes,
    exchange: () => inTurn(exchange),
    begin: () => inTurn(() => ledger.append(nothing)),
    async recount(count) {
      await inTurn(exchange)
      const before = shared
      const report = await count()
      if (!report) return undefined
      await inTurn(async () => {
        await exchange()
        // Of what came and went while it was counted, half was seen by the count.
        const expected = halve(plus(before, shared))
        const correction = plus(report.kept, expected, -1)
        if (await ledger.append(correction)) shared = plus(shared, correction)
      })
      return report
    },
  }
}

/* A file that has grown so long is written anew as one line. */
const maxFileBytes = 64 * 1024

function createLedger(folder: string) {
  const path = join(folder, 'usage')
  const shorten = async (sum: Amount): Promise<void> => {
    const temp = createTempPath(folder)
    await inFolder(dirname(temp), () => writeFile(temp, formatLine(sum), { flag: 'wx', mode: 0o600 }))
    await rename(temp, path)
  }
  return {
    async read(): Promise<Amount | undefined> {
      const text = await unlessMissing(readFile(path, 'latin1'))
      if (text === undefined) return undefined
      const sum = parseLines(text)
      if (text.length > maxFileBytes) await shorten(sum).catch(report)
      return sum
    },
    /* On a full disk room must be made all the same: it is told next time. */
    append: (amount: Amount): Promise<boolean> =>
      inFolder(folder, () => appendFile(path, formatLine(amount), { mode: 0o600 })).then(
        () => true,
        error => report(error),
      ),
  }
}

function report(error: unknown): false {
  debug('the account could not be written: %o', error)
  return false
}

/* One after the other: who writes down a sum must know every line. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }
}

function halve({ bytes, entries }: Amount): Amount {
  return { bytes: Math.round(bytes / 2), entries: Math.round(entries / 2) }
}

/** The sum of an amount and of some times another. */
export function plus(one: Amount, other: Amount, times = 1): Amount {
  return { bytes: one.bytes + times * other.bytes, entries: one.entries + times * other.entries }
}

function formatLine({ bytes, entries }: Amount): string {
  return `${bytes} ${entries}\n`
}

/* A line that broke off, or that two wrote at once, counts for nothing. */
function parseLines(text: string): Amount {
  let sum: Amount = { bytes: 0, entries: 0 }
  for (const [, bytes, entries] of text.matchAll(/^(-?\d{1,15}) (-?\d{1,15})$/gm))
    sum = plus(sum, { bytes: Number(bytes), entries: Number(entries) })
  return sum
}
