/* A server with one worker: in this process, so that nothing stands between it and its clients. */
import { setTimeout as sleep } from 'node:timers/promises'
import { checkTogether } from './check-places.js'
import { nobody } from './colleagues.js'
import { findHint } from './hint.js'
import type { ErrorLog } from './log/error-log.js'
import { listenOptions } from './options/listen.js'
import { allOptions, type OptionName, showValue } from './options/table.js'
import { type Given, type Resolution, resolveOptions } from './resolve.js'
import type { Running } from './running.js'
import { startWorker, type Worker } from './worker.js'

/** What the server is told of its surroundings. */
export interface Surroundings {
  /** What options are read from. */
  readonly given: Given
  /** Is told what happens to the server. */
  readonly log: ErrorLog
  /** Hears what is for who started the server. */
  onNotice(text: string): void
  /** Ends this process at once. */
  die(): void
}

/** Starts a server with one worker. @throws what {@link startWorker} throws. */
export async function serveAlone(
  first: Resolution,
  { given, log, onNotice, die }: Surroundings,
): Promise<Running> {
  let resolution = first
  let generation = 0
  const worker = await startWorker(first, { worker: undefined, isLead: true, colleagues: nobody })
  const { folder } = first.settings
  if (folder !== undefined) void findHint(folder).then(hint => hint && onNotice(hint))
  return {
    port: worker.port,
    workers: 1,
    async reload() {
      await Promise.all([log.reopen(), worker.site().logs.reopen()])
      generation += 1
      const next = await resolveOptions(given, generation)
      await checkTogether(next)
      await worker.reload(next)
      const fixed = listFixed(resolution, next)
      if (fixed.length > 0) log.tell('warning', `Only a new start changes ${fixed.join(', ')}.`)
      resolution = next
    },
    drain: worker.drain,
    async stop(boundMs) {
      const began = performance.now()
      const cut = await worker.stop(boundMs)
      // What is being made for clients that have left cannot be stopped, and an exit would wait for it.
      while (isWorking(worker) && performance.now() - began < boundMs) await sleep(stepMs)
      return cut
    },
    isWorking: () => isWorking(worker),
    kill: die,
    times: () => resolution.settings,
  }
}

const stepMs = 50

function isWorking(worker: Worker): boolean {
  const { tile, large } = worker.site().report().stats.schedule
  return tile.running + large.running > 0
}

const fixedNames: readonly string[] = [...Object.keys(listenOptions), 'workers']

/* What sockets are made of stays as long as they do; certificates are read anew, where they were. */
function listFixed(before: Resolution, now: Resolution): readonly OptionName[] {
  return allOptions
    .filter(({ name }) => fixedNames.includes(name))
    .filter(
      option =>
        showValue(option, before.settings[option.name]) !== showValue(option, now.settings[option.name]),
    )
    .map(({ name }) => name)
}
