/* Measures one row: all its servers are started, warmed up and asked in turn, so that what the machine does meanwhile
   meets them alike; the medians of the rounds are kept. */

import { availableParallelism } from 'node:os'
import sharp from 'sharp'
import { listTree, readMachineTime, readPeakMemory, readProcessorTime } from './processes.js'
import { startServer } from './servers.js'

/** @typedef {import('./rows.js').Row} Row */
/** @typedef {import('./servers.js').Server} Server */
/** @typedef {{ perSecond: number, milliseconds: number, p50: number, p95: number, p99: number, bytes: number, busy: number,
 *   others: number }} Round - `milliseconds` of processor time a request; `busy`: the part of a core that the load tool
 *   has used; `others`: the part of the machine that programs outside of the benchmark have used */
/** @typedef {Round & { server: string, label: string, megabytes: number, rounds: number, failure?: string, note?: string }}
 *   Line */
/** @typedef {{ id: string, title: string, lines: Line[] }} RowResult */
/** @typedef {{ rounds: number, warmUpSeconds: number, maxSeconds: number }} Pace - `maxSeconds`: for one server of a row */
/** @typedef {{ server: Server, running: import('./servers.js').Running, rounds: Round[], spent: number, bytes: number,
 *   failure?: string, note?: string }} Contender */

const checkedAnswers = 5

/**
 * @param {Row} row
 * @param {readonly Server[]} servers - those that can be started; those that the row does not name are not
 * @param {import('./load.js').Load} load
 * @param {Pace} pace
 * @param {AbortSignal} signal
 * @returns {Promise<RowResult>}
 */
export async function measureRow(row, servers, load, pace, signal) {
  /** @type {Contender[]} */
  const contenders = []
  try {
    const wanted = servers.filter(({ id }) => row.servers.includes(id))
    const [bare, others] = [wanted.filter(isBare), wanted.filter(server => !isBare(server))]
    await startAll(others, contenders)
    for (const contender of contenders) await warmUp(contender, row, load, pace)
    // The bare servers come last: what they send is as long as what honeydew has sent.
    const started = contenders.length
    await startAll(bare, contenders, { bytes: Math.round(contenders[0]?.bytes ?? 0) })
    for (const contender of contenders.slice(started)) await warmUp(contender, row, load, pace)
    for (let round = 0; round < pace.rounds; round++) {
      for (const contender of contenders) {
        signal.throwIfAborted()
        // One round is always measured; a slow server is spared the others.
        const isOver = contender.rounds.length > 0 && contender.spent > pace.maxSeconds
        if (!contender.failure && !isOver) await measureRound(contender, row, load)
      }
    }
    return { id: row.id, title: row.title, lines: contenders.map(summarise) }
  } finally {
    await Promise.all(contenders.map(({ running }) => running.stop()))
  }
}

/** @param {Server} server */
function isBare({ script }) {
  return script === 'bare'
}

/**
 * Starts servers at the same time; those that have started are among the contenders even when another has not.
 *
 * @param {readonly Server[]} servers
 * @param {Contender[]} contenders
 * @param {object} [more] - settings
 */
async function startAll(servers, contenders, more) {
  const starts = await Promise.allSettled(servers.map(server => startServer(server, more)))
  for (const [index, start] of starts.entries()) {
    const server = servers[index]
    if (start.status === 'fulfilled' && server) {
      contenders.push({ server, running: start.value, rounds: [], spent: 0, bytes: 0 })
    }
  }
  for (const start of starts) if (start.status === 'rejected') throw start.reason
}

/**
 * @param {Contender} contender
 * @param {Row} row
 * @param {import('./load.js').Load} load
 * @param {Pace} pace
 */
async function warmUp(contender, row, load, pace) {
  const { server, running } = contender
  const seconds = row.warmUpSeconds ?? pace.warmUpSeconds
  const paths = row.session.paths.map(server.formatUrl)
  await load.add(server.id, { port: running.port, paths })
  if (!isBare(server)) await checkSizes(contender, row)
  const tally = await load.run({ target: server.id, connections: row.connections, seconds })
  contender.bytes = tally.bodyBytes / Math.max(1, tally.requests)
  contender.spent = tally.seconds
  if (tally.failure) contender.failure = tally.failure
}

/**
 * A server that answers another question may well be faster: the sizes of some answers are compared with what was asked.
 *
 * @param {Contender} contender
 * @param {Row} row
 */
async function checkSizes(contender, { session }) {
  const { server, running } = contender
  if (!session.expected) return
  const step = Math.ceil(session.paths.length / checkedAnswers)
  for (let i = 0; i < session.paths.length; i += step) {
    const path = session.paths[i] ?? ''
    const answer = await fetch(`http://127.0.0.1:${running.port}${server.formatUrl(path)}`)
    const body = Buffer.from(await answer.arrayBuffer())
    if (!answer.ok) contender.failure = `${answer.status} for ${path}: ${body.toString('latin1', 0, 200)}`
    if (!answer.ok) return
    const { width, height } = await sharp(body).metadata()
    const [wide, high] = [session.expected[i]?.width, session.expected[i]?.height]
    if (width !== wide || height !== high) {
      contender.note = `${width}×${height} instead of ${wide}×${high} for ${path}`
    }
  }
}

/**
 * @param {Contender} contender
 * @param {Row} row
 * @param {import('./load.js').Load} load
 */
async function measureRound(contender, { connections, seconds }, load) {
  const pids = listTree(contender.running.pids)
  const [before, machineBefore] = [readProcessorTime(pids), readMachineTime()]
  const tally = await load.run({ target: contender.server.id, connections, seconds })
  const used = readProcessorTime(pids) - before
  const elsewhere = readMachineTime() - machineBefore - used - tally.busy * tally.seconds * 1000
  contender.spent += tally.seconds
  if (tally.failure) {
    contender.failure = `${tally.failure} (${tally.failures} failures)`
    return
  }
  const { requests, p50, p95, p99, bodyBytes, busy } = tally
  contender.rounds.push({
    perSecond: requests / tally.seconds,
    milliseconds: used / requests,
    p50,
    p95,
    p99,
    bytes: bodyBytes / requests,
    busy,
    others: Math.max(0, elsewhere) / (tally.seconds * 1000 * availableParallelism()),
  })
}

/**
 * @param {Contender} contender
 * @returns {Line}
 */
function summarise({ server, running, rounds, failure, note }) {
  /** @param {keyof Round} name */
  const median = name => {
    const values = rounds.map(round => round[name]).sort((one, other) => one - other)
    return values[Math.floor(values.length / 2)] ?? 0
  }
  return {
    server: server.id,
    label: server.label,
    perSecond: median('perSecond'),
    milliseconds: median('milliseconds'),
    p50: median('p50'),
    p95: median('p95'),
    p99: median('p99'),
    bytes: median('bytes'),
    busy: median('busy'),
    others: median('others'),
    megabytes: readPeakMemory(listTree(running.pids)),
    rounds: rounds.length,
    ...(failure && { failure }),
    ...(note && { note }),
  }
}
