/* A process that serves tiles over HTTP to clients of whom nine in ten leave after some milliseconds, and prints what became
   of the others, and of everything that was opened on the way. It ends by itself, if nothing is left behind. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer, get } from 'node:http'

const compiled = new URL('../../dist/', import.meta.url)
/** @type {typeof import('../../src/index.js')} */
const { createImageService, fileSource } = await import(new URL('index.js', compiled).href)
/** @type {typeof import('../../src/adapters/node.js')} */
const { createNodeHandler } = await import(new URL('adapters/node.js', compiled).href)

const [folder = '', name = '', format = '', count = ''] = process.argv.slice(2)
let rejections = 0
process.on('unhandledRejection', () => {
  rejections += 1
})
/** @type {string[]} */
const warnings = []
process.on('warning', warning => warnings.push(warning.message))

const service = createImageService({
  source: fileSource(folder),
  cache: false,
  schedule: { maxWaitSeconds: Infinity, tile: { maxQueue: 10_000 } },
})
const server = createServer(createNodeHandler(service))
await once(server.listen(0, '127.0.0.1'), 'listening')
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())

/** @param {number} index */
const pathOf = index =>
  `/iiif/3/${name}/${7 * (index % 97)},${5 * (index % 83)},256,256/256,/0/default.${format}`

/** @param {number} milliseconds */
const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

/**
 * Asks for a tile; `undefined` where the client has left before it had all of it.
 *
 * @param {number} index
 * @param {number} [patienceMs]
 * @returns {Promise<Buffer | undefined>}
 */
function ask(index, patienceMs) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: pathOf(index), agent: false }
    const request = get(options, response => {
      /** @type {Buffer[]} */
      const chunks = []
      response.on('data', chunk => chunks.push(chunk))
      response.once('error', () => {})
      response.once('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks))
        else reject(new Error(`${response.statusCode} ${Buffer.concat(chunks)}`))
      })
    })
    request.once('error', error => (patienceMs === undefined ? reject(error) : resolve(undefined)))
    if (patienceMs !== undefined) {
      const leave = () => {
        request.destroy()
        resolve(undefined)
      }
      request.once('socket', socket => socket.once('connect', () => setTimeout(leave, patienceMs)))
    }
  })
}

/** What is open: by the kinds of resources, and of files by their number. */
function countOpen() {
  /** @type {Record<string, number>} */
  const resources = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  return { ...resources, descriptors: readdirSync('/proc/self/fd').length }
}

function isIdle() {
  const { inFlight, making, schedule } = service.stats()
  const { tile, large, memoryBytes } = schedule
  return [inFlight, making, tile.running, tile.queued, large.running, large.queued, memoryBytes].every(
    n => n === 0,
  )
}

async function settle() {
  while (!isIdle()) await wait(5)
  // Sockets close in their own time.
  const connections = () => new Promise(resolve => server.getConnections((_, open) => resolve(open)))
  while ((await connections()) !== 0) await wait(5)
  await wait(50)
}

// What is opened once, and kept: the image, threads, and whatever Node keeps.
await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)))
await settle()
const before = countOpen()

const total = Number(count)
const answers = await Promise.all(
  Array.from({ length: total }, (_, index) => ask(index, index % 10 === 0 ? undefined : 5)),
)
await settle()
const after = countOpen()

const stayed = answers.filter((_, index) => index % 10 === 0)
let right = 0
for (let index = 0; index < total; index += 10) {
  const expected = await ask(index)
  if (expected && answers[index]?.equals(expected)) right += 1
}
await settle()
const { responses, schedule } = service.stats()
server.close()
await service.close()
process.stdout.write(
  JSON.stringify({
    stayed: stayed.length,
    right,
    left: answers.filter(answer => answer === undefined).length,
    before,
    after,
    responses,
    abandoned: schedule.tile.abandoned,
    rejections,
    warnings,
  }),
)
