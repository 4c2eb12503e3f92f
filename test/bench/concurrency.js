/* `npm run bench:concurrency`: how the threads of libvips, the threads of libuv and the width of the lane of tiles go
   together on one processor and on two; the defaults of `schedule` are chosen from it. */
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { corpusFolder, ensureCorpus } from './corpus.js'
import { Offer, percentile } from './offered-load.js'
import { readProcessorTime } from './processes.js'
import { listTiles, listWhole } from './sessions.js'

const seconds = 1.5
const rounds = 3
const works = [
  { title: 'tiles', paths: listTiles('24-deflate-256.tif', 256, { edges: false }).paths },
  { title: 'thumbnails', paths: listWhole(['24-jpeg85-256.tif'], 'full/!400,400/0/default.jpg').paths },
  { title: 'whole images', paths: listWhole(['24-q90.jpg'], 'full/3000,/0/gray.jpg').paths },
]

/** @typedef {{ processors: number, vips: number, uv: number, width: number }} Setting */

/** @type {Setting[]} */
const settings = [1, 2]
  .filter(count => count <= availableParallelism())
  .flatMap(processors =>
    [1, 2].flatMap(vips =>
      [2, 4, 8].flatMap(uv => [1, 2, 3, 5].map(width => ({ processors, vips, uv, width }))),
    ),
  )

/**
 * @param {Setting} setting
 * @returns {Promise<string[]>}
 */
async function measure({ processors, vips, uv, width }) {
  const script = fileURLToPath(new URL('./servers/overloaded.js', import.meta.url))
  const lane = { concurrency: width + 1 }
  const schedule = { tile: lane, large: { concurrency: width }, libvipsThreads: vips }
  const child = fork(script, [JSON.stringify({ folder: corpusFolder, schedule })], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, UV_THREADPOOL_SIZE: `${uv}` },
  })
  try {
    const [{ port }] = await once(child, 'message')
    const pid = child.pid ?? 0
    const list = Array.from({ length: processors }, (_, index) => index).join()
    execFileSync('taskset', ['-a', '-p', '-c', list, `${pid}`], { stdio: 'ignore' })
    const cells = []
    for (const { paths } of works) cells.push(await measureWork(port, pid, paths))
    return cells
  } finally {
    child.kill()
    await once(child, 'exit')
  }
}

/**
 * @param {number} port
 * @param {number} pid
 * @param {string[]} paths
 */
async function measureWork(port, pid, paths) {
  const offer = new Offer(port)
  let turn = 0
  const next = () => {
    turn += 1
    return { path: `/iiif/3/${paths[turn % paths.length]}?${turn}`, client: '192.0.2.1', kind: 'work' }
  }
  await offer.saturate(8, 0.3, next)
  offer.take()
  const results = []
  for (let round = 0; round < rounds; round += 1) {
    const before = readProcessorTime([pid])
    await offer.saturate(8, seconds / rounds, next)
    const outcomes = offer.take()
    results.push({
      perSecond: outcomes.length / (seconds / rounds),
      milliseconds: (readProcessorTime([pid]) - before) / outcomes.length,
      p95: percentile(outcomes, 0.95),
    })
  }
  offer.close()
  const median = results.sort((one, other) => one.perSecond - other.perSecond)[Math.floor(rounds / 2)]
  if (!median) return ''
  return `${median.perSecond.toFixed(0)}/s ${median.milliseconds.toFixed(2)} ms p95 ${median.p95.toFixed(0)}`
}

await ensureCorpus(
  ['24-deflate-256.tif', '24-jpeg85-256.tif', '24-q90.jpg'],
  text => process.stderr.write(`${text}\n`),
  new AbortController().signal,
)
const heads = ['processors', 'libvips', 'libuv', 'lane', ...works.map(({ title }) => title)]
console.log(
  heads
    .map(head => head.padEnd(head.length > 10 || works.some(work => work.title === head) ? 26 : 11))
    .join(''),
)
for (const setting of settings) {
  const cells = await measure(setting)
  const { processors, vips, uv, width } = setting
  const facts = [processors, vips, uv, width].map(value => String(value).padEnd(11))
  console.log([...facts, ...cells.map(cell => cell.padEnd(26))].join(''))
}
