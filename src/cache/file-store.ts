/* The books of a file cache: what its folder holds, how much more it may, and who must hear of what changes. */
import type { SweepReport } from '../contracts.js'
import { createDebug } from '../debug.js'
import { createEvictor } from './file-evict.js'
import { deleteFile, isDiskFull, listShards, statEntry } from './file-folder.js'
import type { FileCacheSettings } from './file-options.js'
import type { Recency } from './file-recency.js'
import { createSampler } from './file-sample.js'
import { sweepFolder, sweepTemps } from './file-sweep.js'
import { type Amount, createUsage, nothing, plus, type Usage } from './file-usage.js'

const debug = createDebug('cache:file')

/* What may come and go before other processes hear of it: this part of the bound, or what comes in this time. */
const stepPart = 1 / 256
const stepMs = 500

/* On a full disk the cache gives back a tenth of what it has: others may need it more. */
const yieldPart = 0.9

/** The books of a file cache. */
export interface FileStore {
  /** Entries that were stored before are not given any more, in milliseconds of Unix time. */
  expiresBefore(): number
  /** Makes room for an entry and lets `write` put it there; that tells what it took that was there before. */
  reserve(diskBytes: number, write: () => Promise<number | undefined>): Promise<void>
  /** Deletes an entry. */
  remove(name: string): Promise<void>
  /** Looks through the folder. */
  sweep(signal?: AbortSignal): Promise<SweepReport>
  /** What the folder holds, if it is known yet. */
  amount(): Amount | undefined
  /** How many entries were deleted to make room. */
  evicted(): number
  /** Tells other processes what they have not heard of yet. */
  close(): Promise<void>
}

/** Opens the books of a file cache. */
export function createFileStore(settings: FileCacheSettings, recency: Recency): FileStore {
  const { folder, maxBytes, ttlSeconds, now, random } = settings
  const usage = createUsage(folder, maxBytes * stepPart)
  const expiresBefore = () => (ttlSeconds === undefined ? -Infinity : now() - ttlSeconds * 1000)
  const count = (signal?: AbortSignal) => usage.recount(() => sweepFolder(folder, expiresBefore(), signal))
  const evictor = createEvictor(createSampler(folder, recency.lastUse, random), usage, count)
  const opening = createOpening(folder, usage, count)
  const teller = createTeller(usage)
  let reservedBytes = 0
  return {
    expiresBefore,
    async reserve(diskBytes, write) {
      await opening.open()
      reservedBytes += diskBytes
      try {
        await evictor.makeRoom(maxBytes - reservedBytes)
        const replacedBytes = await write()
        if (replacedBytes !== undefined) usage.add(replacedBytes, -1)
        usage.add(diskBytes, 1)
      } catch (error) {
        if (isDiskFull(error)) await evictor.makeRoom(usage.current().bytes * yieldPart).catch(report)
        throw error
      } finally {
        reservedBytes -= diskBytes
      }
      await teller.tellSoon()
    },
    async remove(name) {
      const file = await statEntry(folder, name)
      if (!file || !(await deleteFile(file.path))) return
      usage.add(file.diskBytes, -1)
      await teller.tellSoon()
    },
    async sweep(signal) {
      await opening.open()
      const deletedLeftovers = await sweepTemps(folder, now())
      const report = await count(signal)
      const before = evictor.evicted()
      if (report) await evictor.makeRoom(maxBytes)
      const deleted = plus(report?.deleted ?? nothing, plus(evictor.evicted(), before, -1))
      return { deletedEntries: deleted.entries, deletedBytes: deleted.bytes, deletedLeftovers }
    },
    amount: () => (opening.isOpen() ? usage.current() : undefined),
    evicted: () => evictor.evicted().entries,
    close: () => teller.close(),
  }
}

/* A folder that is new, or that has an account, is known at once. One that has entries and no account is looked through
   while entries come and go. */
function createOpening(folder: string, usage: Usage, count: () => Promise<unknown>) {
  let opening: Promise<void> | undefined
  let isOpen = false
  const open = async (): Promise<void> => {
    if (!(await usage.exchange())) {
      if ((await listShards(folder)).length === 0) await usage.begin()
      else count().catch(report)
    }
    isOpen = true
  }
  return {
    isOpen: () => isOpen,
    open() {
      opening ??= open().catch(error => {
        opening = undefined
        throw error
      })
      return opening
    },
  }
}

function createTeller(usage: Usage) {
  let timer: NodeJS.Timeout | undefined
  const tell = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    await usage.exchange().catch(report)
  }
  return {
    async tellSoon() {
      if (usage.isDue()) return tell()
      timer ??= setTimeout(tell, stepMs).unref()
    },
    close: tell,
  }
}

function report(error: unknown): void {
  debug('the books could not be kept: %o', error)
}
