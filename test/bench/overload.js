/* `npm run bench:overload`: what becomes of tiles when four times as much is asked for as can be done, of a server whose
   clients leave, and of its memory when everybody wants whole images. The server has one processor of its own and the load
   another, where the system can do that (taskset): what is offered must not take time from who is measured. */
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { corpusFolder, ensureCorpus } from './corpus.js'
import { Offer, percentile } from './offered-load.js'
import { readPeakMemory } from './processes.js'
import { listTiles } from './sessions.js'

const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values
const seconds = quick ? 10 : 60
const megabyte = 2 ** 20
const memoryBytes = 512 * megabyte
const maxWaitSeconds = 2
const clients = 40
const canPin = tryPin()

/** @typedef {{ port: number, pid: number, stop: () => Promise<void> }} Server */

/**
 * @param {object} [settings]
 * @returns {Promise<Server>}
 */
async function start(settings = {}) {
  const script = fileURLToPath(new URL('./servers/overloaded.js', import.meta.url))
  const given = { folder: corpusFolder, schedule: { memoryBytes, maxWaitSeconds }, ...settings }
  const child = fork(script, [JSON.stringify(given)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [{ port }] = await once(child, 'message')
  const pid = child.pid ?? 0
  if (canPin) execFileSync('taskset', ['-a', '-p', '-c', '0', `${pid}`], { stdio: 'ignore' })
  return {
    port,
    pid,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}

function tryPin() {
  try {
    execFileSync('taskset', ['-a', '-p', '-c', '1', `${process.pid}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** @param {number} pid */
function readMemory(pid) {
  return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1000
}

/** @param {number} port */
async function readStats(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/stats`)
  return answer.json()
}

/** @param {number} index */
const clientOf = index => `192.0.2.${1 + (index % clients)}`

const tilePaths = listTiles('24-deflate-256.tif', 256, { edges: false }).paths.map(path => `/iiif/3/${path}`)
let turn = 0
const nextTile = () => {
  turn += 1
  return { path: tilePaths[turn % tilePaths.length] ?? '', client: clientOf(turn), kind: 'tile' }
}
// A whole image that must be decoded and encoded, never twice the same.
const nextWhole = () => {
  turn += 1
  const path = `/iiif/3/24-q90.jpg/full/${5000 - (turn % 900)},/0/gray.jpg`
  return { path, client: `198.51.100.${1 + (turn % 10)}`, kind: 'whole' }
}

/** @param {string} what @param {string} measured @param {string} wanted @param {boolean} isMet */
function tell(what, measured, wanted, isMet) {
  console.log(
    `${what.padEnd(58)} ${measured.padStart(14)}   ${wanted.padEnd(16)} ${isMet ? 'met' : 'NOT MET'}`,
  )
}

async function measureOverload() {
  const server = await start()
  const offer = new Offer(server.port)
  try {
    await offer.saturate(8, 2, nextTile)
    offer.take()
    await offer.saturate(8, quick ? 3 : 10, nextTile)
    const alone = offer.take()
    const capacity = alone.length / (quick ? 3 : 10)
    await offer.saturate(1, 1, nextTile)
    const calm = percentile(offer.take(), 0.5)
    await offer.saturate(1, quick ? 2 : 4, nextWhole)
    const whole = percentile(offer.take(), 0.5)
    const wholes = 1000 / whole
    // Three times the tiles, and once as many whole images, as could be made if nothing else were.
    console.log(
      `capacity ${capacity.toFixed(0)} tiles/s, or ${wholes.toFixed(1)} whole images/s; offered for ${seconds} s: ` +
        `${(3 * capacity).toFixed(0)} tiles/s and ${wholes.toFixed(1)} whole images/s`,
    )
    let peak = 0
    const watch = setInterval(() => {
      peak = Math.max(peak, readMemory(server.pid))
    }, 100)
    await Promise.all([offer.run(3 * capacity, seconds, nextTile), offer.run(wholes, seconds, nextWhole)])
    clearInterval(watch)
    const pending = offer.pending
    const outcomes = offer.take()
    const tiles = outcomes.filter(({ kind }) => kind === 'tile')
    const good = tiles.filter(({ status }) => status === 200)
    const images = outcomes.filter(({ kind }) => kind === 'whole')
    const count = (/** @type {typeof outcomes} */ list) =>
      [...new Set(list.map(({ status }) => status))].map(
        status => `${status}: ${list.filter(item => item.status === status).length}`,
      )
    console.log(
      `tiles ${count(tiles).join(', ')}; whole images ${count(images).join(', ')}; under way ${pending}`,
    )
    const goodput = good.length / seconds
    tell(
      'tiles that were answered, of capacity',
      (goodput / capacity).toFixed(2),
      '≥ 0.9',
      goodput >= 0.9 * capacity,
    )
    const slowest = percentile(good, 0.99) / 1000
    tell('p99 of them, s', slowest.toFixed(2), `≤ ${maxWaitSeconds + 1}`, slowest <= maxWaitSeconds + 1)
    const limit = memoryBytes / 1e6 + 200
    tell('resident memory, MB (budget and 200)', peak.toFixed(0), `≤ ${limit.toFixed(0)}`, peak <= limit)
    const broken = outcomes.filter(({ status }) => status !== 200 && status !== 503)
    tell('answers but 200 and 503', `${broken.length}`, '0', broken.length === 0)
    await measureRecovery(offer, calm)
    await readStats(server.port)
  } finally {
    offer.close()
    await server.stop()
  }
}

/**
 * @param {Offer} offer
 * @param {number} calm - the median of a tile on an idle server, in milliseconds
 */
async function measureRecovery(offer, calm) {
  const ended = performance.now()
  let back = Infinity
  while (performance.now() - ended < 10_000) {
    const { milliseconds, status } = await offer.ask(nextTile())
    if (status === 200 && milliseconds < 2 * calm + 5) {
      back = (performance.now() - ended) / 1000
      break
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  tell(`latency is what it was (${calm.toFixed(1)} ms) after, s`, back.toFixed(2), '≤ 2', back <= 2)
}

/** Asks for tiles; nine of ten clients are gone after 5 ms. How long the others wait, in milliseconds. */
async function abandon(/** @type {number} */ port, /** @type {boolean} */ leaves) {
  const began = performance.now()
  const asks = Array.from({ length: 1000 }, (_, index) => {
    // Encoding these takes longer than connecting.
    const path = nextTile().path.replace('.jpg', '.webp')
    const isPatient = index % 10 === 0
    return new Promise(resolve => {
      const socket = connect({ port, host: '127.0.0.1' }, () => {
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Forwarded-For: ${clientOf(index)}\r\n\r\n`,
        )
        if (leaves && !isPatient) setTimeout(() => socket.destroy(), 5)
      })
      let answer = ''
      socket.on('data', chunk => {
        if (answer.length < 20) answer += chunk.toString('latin1', 0, 20)
      })
      socket.on('error', () => {})
      socket.on('close', () =>
        resolve(isPatient && answer.startsWith('HTTP/1.1 200') ? performance.now() - began : undefined),
      )
    })
  })
  const times = (await Promise.all(asks)).filter(time => time !== undefined)
  return { answered: times.length, last: Math.max(...times) }
}

async function measureAbandon() {
  const server = await start({ schedule: { memoryBytes, maxWaitSeconds: 60, tile: { maxQueue: 2000 } } })
  try {
    await abandon(server.port, true)
    const before = await readStats(server.port)
    const patient = await abandon(server.port, false)
    const left = await abandon(server.port, true)
    await new Promise(resolve => setTimeout(resolve, 500))
    const after = await readStats(server.port)
    const gain = patient.last / left.last
    tell('1,000 tiles, 90 % abandoned: the others are done sooner by ×', gain.toFixed(1), '≥ 3', gain >= 3)
    tell('of 100 that waited were answered', `${left.answered}`, '100', left.answered === 100)
    const { tile, large, memoryBytes: used } = after.schedule
    const leaked = tile.running + tile.queued + large.running + large.queued + used
    tell('slots and bytes that did not come back', `${leaked}`, '0', leaked === 0)
    const more = after.resources.length - before.resources.length
    tell('handles and timers more than before', `${more}`, '≤ 0', more <= 0)
  } finally {
    await server.stop()
  }
}

/** Everybody wants a whole image of 108 megapixels, rendered. */
async function measureMemory() {
  const server = await start({
    schedule: { memoryBytes, maxWaitSeconds: 10 },
    limits: { maxArea: 200_000_000 },
  })
  const offer = new Offer(server.port)
  try {
    let peak = 0
    const watch = setInterval(() => {
      peak = Math.max(peak, readMemory(server.pid))
    }, 50)
    const requests = quick ? 100 : 500
    const asks = Array.from({ length: requests }, (_, index) =>
      offer.ask({
        path: `/iiif/3/108-jpeg85-256.tif/full/${11_900 - index},/0/default.jpg`,
        client: clientOf(index),
        kind: 'whole',
      }),
    )
    const outcomes = await Promise.all(asks)
    clearInterval(watch)
    const done = outcomes.filter(({ status }) => status === 200).length
    const busy = outcomes.filter(({ status }) => status === 503).length
    console.log(`${requests} whole images of 108 megapixels: ${done} were made, ${busy} refused with 503`)
    tell('broken off, or another status', `${requests - done - busy}`, '0', done + busy === requests)
    const limit = memoryBytes / 1e6 + 200
    const most = Math.max(peak, readPeakMemory([server.pid]))
    tell('resident memory, MB (budget and 200)', most.toFixed(0), `≤ ${limit.toFixed(0)}`, most <= limit)
  } finally {
    offer.close()
    await server.stop()
  }
}

await ensureCorpus(
  ['24-deflate-256.tif', '24-q90.jpg', '108-jpeg85-256.tif'],
  text => process.stderr.write(`${text}\n`),
  new AbortController().signal,
)
console.log(
  canPin ? 'the server has one processor, the load another' : 'server and load share all processors',
)
await measureOverload()
await measureAbandon()
await measureMemory()
