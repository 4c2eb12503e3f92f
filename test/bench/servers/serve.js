/* What the servers that are Node programs have in common: one process, or several that share a port; the parent hears the
   port and the processes, and when the parent is gone the server goes too. */
import cluster from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:http'

/** @typedef {import('node:http').RequestListener} RequestListener */

/**
 * The settings that the benchmark has started this process with.
 *
 * @template T
 * @returns {T}
 */
export function readSettings() {
  return JSON.parse(process.argv[2] ?? '{}')
}

/**
 * Listens on a free port of the loopback device and tells the parent.
 *
 * @param {number} processes - how many answer
 * @param {() => RequestListener | Promise<RequestListener>} createListener - called in each process that answers
 */
export async function serve(processes, createListener) {
  // A worker of a cluster ends with its primary process by itself.
  if (cluster.isPrimary) process.once('disconnect', () => process.exit())
  if (processes > 1 && cluster.isPrimary) return forkWorkers(processes)
  const server = createServer({ keepAliveTimeout: 60_000 }, await createListener())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (cluster.isPrimary && typeof address === 'object')
    report({ port: address?.port ?? 0, pids: [process.pid] })
}

/** @param {number} count */
async function forkWorkers(count) {
  const workers = Array.from({ length: count }, () => cluster.fork())
  const addresses = await Promise.all(workers.map(worker => once(worker, 'listening')))
  report({ port: addresses[0]?.[0].port, pids: [process.pid] })
}

/**
 * Tells the benchmark that the server is ready.
 *
 * @param {import('../servers.js').Ready} ready
 */
export function report(ready) {
  process.send?.(ready)
}

/**
 * Answers as a plain program would, for the servers that are not honeydew.
 *
 * @param {(url: string) => Promise<{ type: string, body: string | Uint8Array }>} render
 * @returns {RequestListener}
 */
export function createPlainListener(render) {
  return async (request, response) => {
    try {
      const { type, body } = await render(request.url ?? '/')
      response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body)
    } catch (error) {
      response.writeHead(500, { 'Content-Length': Buffer.byteLength(`${error}`) }).end(`${error}`)
    }
  }
}
