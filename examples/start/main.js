/* `npm start -- [folder] [--port 8182]`: serves a sample picture of 113 megapixels, and the images of a folder. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createImageService, fileSource } from 'honeydew'
import { createNodeHandler } from 'honeydew/node'
import { listingOf } from 'honeydew/presentation'
import { createGallery, listEach } from './gallery.js'
import { parseOptions, Refusal, usage } from './options.js'
import { createProgressBar } from './progress.js'
import { createSample } from './sample.js'
import { createSite } from './site.js'

const controller = new AbortController()
// A terminal and npm both hand on Ctrl-C, so a signal that comes twice must not end the program in the middle of this.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => controller.abort())

run(process.argv.slice(2), controller.signal).catch(error => {
  if (controller.signal.aborted) return
  console.error(error instanceof Refusal ? error.message : error)
  process.exitCode = error instanceof Refusal ? error.exitCode : 1
})

/**
 * @param {string[]} words
 * @param {AbortSignal} signal
 */
async function run(words, signal) {
  const options = await parseOptions(words)
  if (options.help) return void process.stdout.write(usage)
  // The port is taken first: nobody should wait for the sample to hear that it is not free.
  let listener = answerNotReady
  const server = createServer((request, response) => listener(request, response))
  const address = await listen(server, options.port, options.host)
  try {
    const sample = await makeSample(signal)
    const folders = [sample, ...options.folders]
    // An image of the user that has the name of the sample goes before it.
    const source = folders.toReversed().map(root => fileSource(root))
    const listing = listingOf(({ signal: given }) => listEach(folders, given))
    const service = createImageService({ source, presentation: { listing } })
    const gallery = createGallery(folders, service)
    listener = createNodeHandler(service, createSite({ gallery, health: () => service.health() }))
    console.log(`honeydew serves ${options.folders[0] ?? 'its sample'} at ${address}`)
    if (!signal.aborted) await once(signal, 'abort')
    await close(server)
    await service.close()
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

/** @type {import('node:http').RequestListener} */
function answerNotReady(_, response) {
  response.writeHead(503, { 'Retry-After': '5' })
  response.end('The sample picture is being made.\n')
}

/**
 * Lets answers that have begun come to their end, for two seconds.
 *
 * @param {import('node:http').Server} server
 */
async function close(server) {
  const timer = setTimeout(() => server.closeAllConnections(), 2000)
  await new Promise(resolve => server.close(resolve))
  clearTimeout(timer)
}

/**
 * @param {import('node:http').Server} server
 * @param {number} port
 * @param {string} host
 */
async function listen(server, port, host) {
  try {
    await once(server.listen(port, host), 'listening')
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
    throw new Refusal(code === 'EADDRINUSE' ? `Port ${port} is in use` : message, 1)
  }
  const { port: actual } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return `http://${host === '127.0.0.1' ? 'localhost' : host}:${actual}/`
}

/** @param {AbortSignal} signal */
async function makeSample(signal) {
  const { version } = createRequire(import.meta.url)('honeydew/package.json')
  const folder = join(tmpdir(), `honeydew-sample-${version}`)
  const onProgress = createProgressBar(process.stderr, 'Making the sample picture, once')
  await createSample(folder, { onProgress, signal })
  return folder
}
