/* `npm run bench`: honeydew beside the limit and its peers, in one run. Figures go to stdout, progress to stderr. */
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import sharp from 'sharp'
import { ensureCorpus } from './corpus.js'
import { startLoad } from './load.js'
import { measureRow } from './measure.js'
import { parseOptions, usage } from './options.js'
import { formatDisturbance, formatTable, formatVerdicts } from './report.js'
import { createRows, listPictures, pictureOf } from './rows.js'
import { findServers } from './servers.js'
import { judge } from './targets.js'

/** @typedef {ReturnType<typeof parseOptions>} Options */

const paces = {
  quick: { rounds: 3, warmUpSeconds: 0.3, maxSeconds: 4 },
  full: { rounds: 3, warmUpSeconds: 1, maxSeconds: 15 },
}

const controller = new AbortController()
// A terminal and npm both hand on Ctrl-C. What is being measured ends at once.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => controller.abort())

run(process.argv.slice(2), controller.signal).catch(error => {
  console.error(controller.signal.aborted ? 'Interrupted.' : error)
  process.exitCode = 1
})

/**
 * @param {string[]} words
 * @param {AbortSignal} signal
 */
async function run(words, signal) {
  const options = parseOptions(words)
  if (options.help) return void process.stdout.write(usage)
  const rows = chooseRows(options)
  const missing = await ensureCorpus(listPictures(rows), tell, signal)
  const { servers, leftOut } = await findServers(options)
  const results = await measureAll(rows.filter(isPossible(missing)), servers, options, signal)
  const verdicts = judge(results)
  const [{ model = 'processor' } = {}, ...others] = cpus()
  console.log(`${others.length + 1} × ${model}, Node ${process.version}, sharp ${sharp.versions.sharp}`)
  for (const reason of [...leftOut, ...missing]) console.log(`left out: ${reason}`)
  console.log(`${formatTable(results)}\n\n${formatVerdicts(verdicts)}${formatDisturbance(results)}`)
  if (options.json)
    await writeFile(options.json, JSON.stringify({ node: process.version, model, results, verdicts }))
  if (results.some(({ lines }) => lines.some(({ failure }) => failure))) process.exitCode = 1
}

/** @param {Options} options */
function chooseRows({ quick, rows: wanted }) {
  const rows = createRows(quick)
  const unknown = wanted?.find(name => !rows.some(({ id }) => id === name))
  if (unknown)
    throw new Error(`There is no row ${unknown}; there are ${rows.map(({ id }) => id).join(', ')}.`)
  return rows.filter(({ id }) => wanted?.includes(id) ?? true)
}

/**
 * @param {import('./rows.js').Row[]} rows
 * @param {import('./servers.js').Server[]} servers
 * @param {Options} options
 * @param {AbortSignal} signal
 */
async function measureAll(rows, servers, { quick }, signal) {
  const results = []
  const load = startLoad()
  signal.addEventListener('abort', load.stop, { once: true })
  try {
    for (const row of rows) {
      const started = performance.now()
      results.push(await measureRow(row, servers, load, quick ? paces.quick : paces.full, signal))
      tell(`measured ${row.title} in ${((performance.now() - started) / 1000).toFixed(1)} s`)
    }
  } finally {
    load.stop()
  }
  return results
}

/**
 * @param {readonly string[]} missing - pictures, each with the reason
 * @returns {(row: import('./rows.js').Row) => boolean}
 */
function isPossible(missing) {
  return ({ session }) => !missing.some(reason => reason.startsWith(`${pictureOf(session.paths[0] ?? '')} `))
}

/** @param {string} text */
function tell(text) {
  process.stderr.write(`${text}\n`)
}
