// A server and clients that open streams and reset them, in a process of its own: what is left when they are gone is
// theirs. Prints, as JSON, what the service has to do, and the heap, after each round.
import { once } from 'node:events'
import http2 from 'node:http2'
import process from 'node:process'
import { createNodeHandler } from '../../dist/adapters/node.js'
import { createImageService, fileSource } from '../../dist/index.js'

const [folder = '.', rounds = '3', connections = '5', streams = '400'] = process.argv.slice(2)
const service = createImageService({ source: fileSource(folder), cache: false })
const server = http2.createServer(createNodeHandler(service))
await once(server.listen(0, '127.0.0.1'), 'listening')
const address = server.address()
const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`

/** @param {number} index */
const pathOf = index =>
  [
    // Pixels, that wait for their turn; a document; a large image, that is streamed.
    `/iiif/3/lossless.tif/${index % 500},0,300,300/${100 + (index % 100)},/0/default.webp`,
    '/iiif/3/lossless.tif/info.json',
    '/iiif/3/large.png/full/max/0/default.png',
  ][index % 3]

async function connect() {
  const session = http2.connect(origin)
  // The server takes leave of who resets too much.
  session.on('error', () => {})
  await once(session, 'connect')
  return session
}

/** Opens streams and resets them, at once or when something has come. @param {number} count */
async function reset(count) {
  const session = await connect()
  let opened = 0
  for (let index = 0; index < count && !session.closed && !session.destroyed; index += 1) {
    const stream = session.request({ ':path': pathOf(index) })
    stream.on('error', () => {})
    opened += 1
    if (index % 10 === 9)
      await Promise.race([once(stream, 'response').catch(() => {}), once(stream, 'close')])
    stream.close(http2.constants.NGHTTP2_CANCEL)
    if (index % 20 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  const closed = once(session, 'close')
  session.destroy()
  await closed
  return opened
}

/** What another connection is answered with meanwhile. */
async function visit() {
  const session = await connect()
  const stream = session.request({ ':path': '/iiif/3/lossless.tif/0,0,300,300/100,/0/default.png' })
  const [headers] = await once(stream, 'response')
  let bytes = 0
  stream.on('data', chunk => {
    bytes += chunk.length
  })
  await once(stream, 'close')
  const closed = once(session, 'close')
  session.close()
  await closed
  return { status: headers[':status'], bytes }
}

function readWork() {
  const { inFlight, making, schedule } = service.stats()
  const { tile, large, memoryBytes } = schedule
  const [running, queued] = [tile.running + large.running, tile.queued + large.queued]
  return { inFlight, making, running, queued, memoryBytes }
}

async function rest() {
  while (Object.values(readWork()).some(count => count > 0))
    await new Promise(resolve => setTimeout(resolve, 10))
  // What was taken off the loop needs turns of it to be let go of.
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise(resolve => setTimeout(resolve, 20))
    globalThis.gc?.()
  }
}

const results = []
for (let round = 0; round < Number(rounds); round += 1) {
  const resets = Array.from({ length: Number(connections) }, () => reset(Number(streams)))
  const visitor = await visit()
  const opened = (await Promise.all(resets)).reduce((sum, count) => sum + count, 0)
  await rest()
  results.push({ opened, visitor, work: readWork(), heapBytes: process.memoryUsage().heapUsed })
}
const { responses } = service.stats()
await service.close()
server.close()
process.stdout.write(JSON.stringify({ results, responses }))
