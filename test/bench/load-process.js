/* The process that asks: a fixed number of connections, each of which asks for the next path of the list as soon as its
   last answer is complete. It measures what a client sees; its parent measures the servers. */
import { connect } from 'node:net'
import { AnswerReader } from './answer-reader.js'

/** @typedef {{ port: number, paths: string[] }} Target */
/** @typedef {{ target: string, connections: number, seconds: number }} Job */
/** @typedef {{ requests: number, seconds: number, bodyBytes: number, p50: number, p95: number, p99: number,
 *   busy: number, failures: number, failure?: string }} Tally */

const silenceMs = 60_000
const bufferBytes = 256 * 1024

/** @type {Map<string, { port: number, paths: string[], requests: Buffer[], next: number }>} */
const targets = new Map()

process.on('message', async (/** @type {{ add?: Target & { name: string }, run?: Job }} */ { add, run }) => {
  if (add) {
    const requests = add.paths.map(path =>
      Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${add.port}\r\n\r\n`),
    )
    targets.set(add.name, { port: add.port, paths: add.paths, requests, next: 0 })
    process.send?.({})
  }
  if (run) process.send?.(await measure(run))
})
process.on('disconnect', () => process.exit())

/**
 * @param {Job} job
 * @returns {Promise<Tally>}
 */
async function measure({ target: name, connections, seconds }) {
  const target = targets.get(name)
  if (!target) throw new Error(`There is no target ${name}.`)
  /** @type {number[]} */
  const latencies = []
  const tally = { bodyBytes: 0, failures: 0 }
  const [started, used] = [performance.now(), process.cpuUsage()]
  const deadline = started + seconds * 1000
  const asking = Array.from({ length: connections }, () => ask(target, deadline, latencies, tally))
  await Promise.all(asking)
  const elapsed = performance.now() - started
  const { user, system } = process.cpuUsage(used)
  const sorted = Float64Array.from(latencies).sort()
  /** @param {number} part */
  const percentile = part => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
  return {
    ...tally,
    requests: sorted.length,
    seconds: elapsed / 1000,
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
    busy: (user + system) / 1000 / elapsed,
  }
}

/**
 * Asks over one connection until the deadline, or until something fails; what was asked for is waited for.
 *
 * @param {{ port: number, paths: string[], requests: Buffer[], next: number }} target
 * @param {number} deadline
 * @param {number[]} latencies
 * @param {{ bodyBytes: number, failures: number, failure?: string }} tally
 * @returns {Promise<void>}
 */
function ask(target, deadline, latencies, tally) {
  return new Promise(resolve => {
    let asked = 0
    let path = ''
    const send = () => {
      const index = target.next++ % target.requests.length
      path = target.paths[index] ?? ''
      asked = performance.now()
      socket.write(target.requests[index] ?? '')
    }
    const reader = new AnswerReader(({ status, bytes }) => {
      const now = performance.now()
      latencies.push(now - asked)
      tally.bodyBytes += bytes
      if (status !== 200) fail(`${status} for ${path}`)
      else if (now < deadline) send()
      else socket.destroy()
    })
    /** @param {string} reason */
    const fail = reason => {
      tally.failures++
      tally.failure ??= reason
      socket.destroy()
    }
    const onread = createReads(reader, error => fail(`${error} at ${path}`))
    const socket = connect({ port: target.port, host: '127.0.0.1', noDelay: true, onread })
    socket.setTimeout(silenceMs, () => fail(`no answer within ${silenceMs / 1000} s to ${path}`))
    socket.once('connect', send)
    socket.once('error', error => fail(`${error.message} at ${path}`))
    socket.once('end', () => fail(`the connection was closed at ${path}`))
    socket.once('close', () => resolve())
  })
}

/**
 * Lets a socket read into the same buffer again and again.
 *
 * @param {AnswerReader} reader
 * @param {(error: unknown) => void} onError
 */
function createReads(reader, onError) {
  const buffer = Buffer.allocUnsafe(bufferBytes)
  return {
    buffer,
    /** @param {number} length */
    callback(length) {
      try {
        reader.read(buffer.subarray(0, length))
      } catch (error) {
        onError(error)
      }
      return true
    },
  }
}
