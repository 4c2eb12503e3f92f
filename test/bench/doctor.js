/* `node test/bench/doctor.js [--megapixels 24|108]`: what the doctor says of the pictures of the benchmark, and what its
   commands do for those that it calls slow, measured by itself: each must be at least ten times cheaper to look at. */
import { execFile } from 'node:child_process'
import { link, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { allPictures, corpusFolder, ensureCorpus } from './corpus.js'

/** @typedef {import('../../dist/doctor/diagnosis.js').Diagnosis} Diagnosis */

const program = resolve(import.meta.dirname, '../../dist/cli/main.js')
const wantedGain = 10
/** What a viewer asks for on its first screen. */
const tilesOfView = 20

const controller = new AbortController()
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => controller.abort())

run(process.argv.slice(2), controller.signal).catch(error => {
  console.error(controller.signal.aborted ? 'Interrupted.' : error)
  process.exitCode = 1
})

/**
 * @param {string[]} args
 * @param {AbortSignal} signal
 */
async function run(args, signal) {
  const { values } = parseArgs({ args, options: { megapixels: { type: 'string', default: '24' } } })
  const pictures = allPictures.filter(name => name.startsWith(`${values.megapixels}-`))
  const missing = await ensureCorpus(pictures, tell, signal)
  // In the folder of the corpus, or it could not be linked.
  const folder = await mkdtemp(join(tmpdir(), 'honeydew-bench-doctor-'))
  try {
    for (const name of pictures) {
      if (!missing.some(reason => reason.startsWith(`${name} `)))
        await link(join(corpusFolder, name), join(folder, name))
    }
    const found = await diagnose(folder, signal)
    console.log(
      formatLine([
        'image',
        'cost',
        'tile',
        'thumbnail',
        'after: tile',
        'thumbnail',
        'cheaper: tile',
        'thumbnail',
        'view',
      ]),
    )
    let failed = 0
    for (const before of found) {
      const after = before.command === undefined ? undefined : await cure(before.command, signal)
      const gain = after && viewOf(before) / viewOf(after)
      console.log(
        formatLine([
          before.name,
          before.cost ?? '',
          ...formatCosts(before),
          ...formatCosts(after),
          ...formatGains(before, after),
        ]),
      )
      if (before.problem) failed += 1
      if (before.cost === 'slow' && !(gain !== undefined && gain >= wantedGain)) failed += 1
    }
    const slow = found.filter(({ cost }) => cost === 'slow').length
    console.log(
      `\na view is ${tilesOfView} tiles and a thumbnail; ${slow} slow, ${failed} not ${wantedGain} times cheaper`,
    )
    if (failed > 0 || slow === 0) process.exitCode = 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} place
 * @param {AbortSignal} signal
 * @returns {Promise<Diagnosis[]>}
 */
async function diagnose(place, signal) {
  const words = [program, 'doctor', place, '--json', '--budget', '3']
  const { stdout } = await promisify(execFile)(process.execPath, words, { signal })
  return stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

/**
 * Runs a command as a user would, and measures what it makes.
 *
 * @param {string} command
 * @param {AbortSignal} signal
 */
async function cure(command, signal) {
  const script = `honeydew() { "${process.execPath}" "${program}" "$@" --json; }; ${command}`
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { signal })
  const { output } = JSON.parse(stdout)
  tell(`made ${basename(output)}`)
  const [diagnosis] = await diagnose(output, signal)
  await rm(output)
  return diagnosis
}

/** @param {Diagnosis} diagnosis */
function viewOf({ tile, thumbnail }) {
  return tilesOfView * (tile?.milliseconds ?? 0) + (thumbnail?.milliseconds ?? 0)
}

/** @param {Diagnosis | undefined} diagnosis */
function formatCosts(diagnosis) {
  return [diagnosis?.tile, diagnosis?.thumbnail].map(cost =>
    cost?.milliseconds === undefined ? '' : `${cost.milliseconds.toFixed(2)} ms`,
  )
}

/**
 * @param {Diagnosis} before
 * @param {Diagnosis | undefined} after
 */
function formatGains(before, after) {
  if (!after) return []
  const gains = [
    (before.tile?.milliseconds ?? 0) / (after.tile?.milliseconds ?? 1),
    (before.thumbnail?.milliseconds ?? 0) / (after.thumbnail?.milliseconds ?? 1),
    viewOf(before) / viewOf(after),
  ]
  return gains.map(gain => `${gain.toFixed(1)} ×`)
}

/** @param {string[]} cells */
function formatLine(cells) {
  return cells
    .map((cell, column) => (column === 0 ? cell.padEnd(22) : cell.padStart(14)))
    .join('')
    .trimEnd()
}

/** @param {string} text */
function tell(text) {
  process.stderr.write(`${text}\n`)
}
