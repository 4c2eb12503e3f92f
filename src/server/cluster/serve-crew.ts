/* A server with several workers. Node's own module `cluster` starts them: this process accepts connections and hands each to
   one of them in turn. One that ends gives back those that it has not begun with, so that workers can be replaced without
   losing any; a listening socket that all share would leave the busiest of them the most, and lose what waits in it. */
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import type { Surroundings } from '../alone.js'
import type { Resolution } from '../resolve.js'
import type { Running } from '../running.js'
import { divideMachine } from '../service/share.js'
import { Crew } from './crew.js'
import type { StartError } from './worker-process.js'

/**
 * Starts a server with several workers.
 *
 * @param onLost - no worker is left, and none can begin any more
 * @throws {@link StartError} where a worker cannot begin.
 */
export async function serveCrew(
  { settings }: Resolution,
  { given, log, onNotice }: Surroundings,
  onLost: (error: StartError) => void,
): Promise<Running> {
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('./worker-main.js', import.meta.url)),
    args: [],
    serialization: 'advanced',
  })
  let isTold = false
  const tellOnce = (text: string): void => {
    if (!isTold) onNotice(text)
    isTold = true
  }
  const crew = new Crew({ given, log, onNotice: tellOnce, onLost })
  await crew.start(divideMachine(settings).workers)
  return {
    port: crew.facts?.port ?? settings.port,
    workers: crew.facts?.workers ?? 0,
    async reload() {
      crew.tell({ kind: 'reopen' })
      await log.reopen()
      await crew.replace()
    },
    drain: () => crew.tell({ kind: 'drain' }),
    stop: boundMs => crew.stop(boundMs),
    isWorking: () => false,
    kill: () => crew.kill(),
    times: () => crew.facts ?? settings,
  }
}
