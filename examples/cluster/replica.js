// One of several image servers behind examples/cluster/haproxy.cfg, which keep what they make in one store:
//
//   PORT=8191 REDIS_URL=redis://127.0.0.1:6379 node examples/cluster/replica.js ./images
//   PORT=8192 REDIS_URL=redis://127.0.0.1:6379 node examples/cluster/replica.js ./images
//
// or CACHE_BUCKET=tiles instead of REDIS_URL, with what the AWS SDK reads from the environment. MAINTENANCE=yes on one of
// them deletes from the bucket what has expired; Redis does that by itself.
//
// All of them must see the very same files, by a network file system, or the same bucket or server of sources: copies of a
// file are other files, whose tiles are not shared and whose ETags differ.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { createImageService, fileSource } from 'honeydew'
import { createNodeHandler } from 'honeydew/node'
import { createSharedCache } from './shared-cache.js'

const { PORT = '8191', HOST = '127.0.0.1', MAINTENANCE, DRAIN_SECONDS = '5' } = process.env
const folder = process.argv[2] ?? './images'

const shared = await createSharedCache(process.env)
const service = createImageService({
  source: fileSource(folder),
  cache: shared.cache,
  maintenance: MAINTENANCE === 'yes',
  // For so long a tile of a file that has changed is still sent by a replica that has not looked yet; this is the default.
  revalidate: 1,
})

let isDraining = false
const server = createServer((request, response) => {
  // A connection that goes on would be used again by the balancer just when it is to be closed.
  response.shouldKeepAlive &&= !isDraining
  return handle(request, response)
})
// For longer than the balancer keeps connections, so that it is never this end that closes one.
server.keepAliveTimeout = 75_000

// What the balancer and you ask of each replica; the balancer passes none of it on.
const handle = createNodeHandler(service, async (request, response) => {
  const answer = (/** @type {number} */ status, /** @type {unknown} */ body) => {
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    response.end(`${JSON.stringify(body)}\n`)
  }
  if (request.url === '/ready') answer(isDraining ? 503 : 200, { ready: !isDraining })
  else if (request.url === '/health') {
    const health = await service.health()
    answer(health.color === 'RED' ? 503 : 200, health)
  } else if (request.url === '/status') answer(200, service.stats())
  else answer(404, { error: 'not found' })
})

server.listen(Number(PORT), HOST, () => console.log(`A replica serves ${folder} at http://${HOST}:${PORT}/`))

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop)

// Nobody who was let in is sent away: the balancer hears of it first, then no new connection is taken, then all that has
// begun is done.
async function stop() {
  isDraining = true
  await wait(Number(DRAIN_SECONDS) * 1000)
  const closed = once(server, 'close')
  server.close()
  // A client that takes its answer too slowly is not waited for without end.
  setTimeout(() => server.closeAllConnections(), 20_000).unref()
  await closed
  await service.close()
  await shared.close()
}
