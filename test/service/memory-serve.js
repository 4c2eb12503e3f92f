/* A process that serves a folder with a budget of memory. It prints its port, then what its service tells whenever it is sent
   a line, and ends when there are no more lines. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'

const compiled = new URL('../../dist/', import.meta.url)
/** @type {typeof import('../../src/index.js')} */
const { createImageService, fileSource } = await import(new URL('index.js', compiled).href)
/** @type {typeof import('../../src/adapters/node.js')} */
const { createNodeHandler } = await import(new URL('adapters/node.js', compiled).href)

const [folder = '', memoryBytes = ''] = process.argv.slice(2)
const service = createImageService({
  source: fileSource(folder),
  cache: false,
  limits: { maxArea: Infinity },
  encode: { png: { compressionLevel: 1 } },
  // As much at the same time as the memory allows.
  schedule: {
    memoryBytes: Number(memoryBytes),
    large: { concurrency: 8, maxQueue: 8 },
    maxWaitSeconds: Infinity,
  },
})
const server = createServer(createNodeHandler(service))
await once(server.listen(0, '127.0.0.1'), 'listening')
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
process.stdout.write(`${port}\n`)
for await (const _ of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(service.stats())}\n`)
}
server.closeAllConnections()
server.close()
await service.close()
