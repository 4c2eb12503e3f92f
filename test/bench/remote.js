/* `node test/bench/remote.js`: what a picture of 108 megapixels costs that is not here but behind nginx, or in a store that
   speaks S3: a viewer's session of 300 tiles, beside the same picture as a local file. Needs `npm run build` and nginx. */
import { link, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { corpusFolder, ensureCorpus, sizes } from './corpus.js'
import { measureSessions } from './remote/measure.js'
import { startNginx } from './remote/nginx.js'
import { startS3 } from './remote/s3.js'
import { findServers } from './servers.js'

const picture = '108-jpeg85-256.tif'
const tileSide = 256
const session = { image: sizes[108], side: tileSide, count: 300 }

// A session of its own for each picture, and so many pictures that nothing is left of one when its turn comes again.
const pictures = 14
// A turn of a server: its first sessions, and all of the first turn, only warm up. What Node compiles in the first minute is
// not what a tile costs.
const block = 25
const warmUps = 5

const usage = `node test/bench/remote.js -- [options]

  --sessions N      sessions of 300 tiles each, in turns of 25, of which the first, and the first
                    five of the others, only warm up; 100
  --peers DIR       a folder in which iiif-processor 7 is installed
  --install-peers   install it, into a temporary folder or into DIR
  --help
`

/** @typedef {import('./remote/measure.js').Figures} Figures */

const { values } = parseArgs({
  args: process.argv.slice(2).filter(word => word !== '--'),
  options: {
    sessions: { type: 'string', default: '100' },
    peers: { type: 'string' },
    'install-peers': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) process.stdout.write(usage)
else await run(Math.max(2 * block, Number(values.sessions)))

/** @param {number} sessions */
async function run(sessions) {
  /** @param {string} text */
  const tell = text => console.error(text)
  await ensureCorpus([picture], tell, new AbortController().signal)
  const { servers } = await findServers({ peers: values.peers, installPeers: values['install-peers'] })
  const peer = servers.find(({ id }) => id === 'iiif-processor')
  const folder = await mkdtemp(join(tmpdir(), 'honeydew-remote-'))
  /** @type {{ stop: () => Promise<void> }[]} */
  const stores = []
  try {
    const names = Array.from({ length: pictures }, (_, number) => `${number}.tif`)
    for (const name of names) await share(join(corpusFolder, picture), join(folder, name))
    const nginx = await startNginx(folder)
    stores.push(nginx)
    const s3 = await startS3(folder)
    stores.push(s3)
    const tempDirectory = join(folder, 'temporary')
    const contenders = [
      { settings: { folder } },
      { settings: { origin: nginx.origin, tempDirectory }, store: nginx },
      { settings: { s3: { bucket: s3.bucket, client: s3.client }, tempDirectory }, store: s3 },
    ]
    const [local, http, inStore] = await measureSessions(contenders, names, {
      ...session,
      sessions,
      block,
      warmUps,
    })
    if (!local || !http || !inStore) throw new Error('Something was not measured.')
    print('local file', local, local)
    print('behind nginx', http, local)
    print('in S3', inStore, local)
    if (peer) print('iiif-processor, behind nginx', await measurePeer(peer, nginx, names), local)
    else console.log('left out: iiif-processor (not installed: --install-peers installs it)')
    judge('behind nginx', http, local)
    judge('in S3', inStore, local)
  } finally {
    for (const store of stores) await store.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** One file under another name, where the file system can do that. @param {string} from @param {string} to */
async function share(from, to) {
  await link(from, to)
}

// It fetches the whole picture for each tile: a few tiles say what all of them would cost.
/**
 * @param {import('./servers.js').Server} peer
 * @param {import('./remote/nginx.js').Store} nginx
 * @param {string[]} names
 */
async function measurePeer(peer, nginx, names) {
  const { width, height } = session.image
  const levels = [1, 2, 4, 8, 16, 32, 64].map(factor => ({
    width: Math.floor(width / factor),
    height: Math.floor(height / factor),
  }))
  const settings = { origin: nginx.origin, levels, .../** @type {{ peers: string }} */ (peer.settings) }
  const contender = { settings, store: nginx }
  const [few] = await measureSessions([contender], names, {
    ...session,
    count: 10,
    sessions: 4,
    block: 2,
    warmUps: 1,
  })
  if (!few) throw new Error('Something was not measured.')
  /** @param {number} value */
  const scale = value => (value * session.count) / 10
  return {
    ...few,
    milliseconds: scale(few.milliseconds),
    requests: scale(few.requests),
    bytes: scale(few.bytes),
    tileBytes: scale(few.tileBytes),
  }
}

/** @param {string} label @param {Figures} figures @param {Figures} local */
function print(label, figures, local) {
  const { milliseconds, requests, bytes, tileBytes, openRequests } = figures
  const parts = [
    label.padEnd(30),
    `${milliseconds.toFixed(0).padStart(7)} ms processor (${(milliseconds / local.milliseconds).toFixed(2)} × local)`,
    `${requests.toFixed(1).padStart(7)} requests`,
    `${(bytes / 1e6).toFixed(2).padStart(9)} MB (${(bytes / tileBytes).toFixed(2)} × the tiles)`,
    `${openRequests.toFixed(0).padStart(3)} to open`,
  ]
  console.log(parts.join('  '))
}

/** @param {string} label @param {Figures} figures @param {Figures} local */
function judge(label, { milliseconds, requests, bytes, tileBytes }, local) {
  /** @type {[what: string, value: number, most: number][]} */
  const targets = [
    ['requests / tiles', requests / session.count, 0.4],
    ['bytes / bytes of the tiles', bytes / tileBytes, 1.5],
    ['processor time / local file', milliseconds / local.milliseconds, 2],
  ]
  for (const [what, value, most] of targets)
    console.log(
      `${value <= most ? 'met   ' : 'MISSED'}  ${label}: ${what} ${value.toFixed(2)}, at most ${most}`,
    )
}
