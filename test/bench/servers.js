/* The servers that are compared: which there are on this machine, how each is asked, how it is started and stopped. */
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { corpusFolder } from './corpus.js'

/** @typedef {{ port: number, pids: number[] }} Ready */
/** @typedef {{ id: string, label: string, script: string, settings: object, formatUrl: (path: string) => string }} Server */
/** @typedef {Ready & { stop: () => Promise<void> }} Running */

const run = promisify(execFile)
const debianProgram = '/usr/lib/iipimage-server/iipsrv.fcgi'
const peersFolder = join(tmpdir(), 'honeydew-bench-peers')
const stopMs = 5000

/** @param {string} path */
const formatUrl = path => `/iiif/3/${path}`

// IIPImage 1.1 makes no WebP; its row says so.
/** @param {string} path */
const formatIipUrl = path => `/fcgi-bin/iipsrv.fcgi?IIIF=${path.replace(/\.webp$/, '.jpg')}`

/** The servers that need nothing but this repository. @type {Server[]} */
export const ownServers = [
  describe('honeydew-1', 'honeydew, 1 process', 'honeydew', { processes: 1 }),
  describe('honeydew-2', 'honeydew, 2 processes', 'honeydew', { processes: 2 }),
  describe('cached-1', 'honeydew, 1 process, cache', 'honeydew', { processes: 1, cache: true }),
  describe('bare-1', 'bare Node http, 1 process', 'bare', { processes: 1 }),
  describe('bare-2', 'bare Node http, 2 processes', 'bare', { processes: 2 }),
  describe('sharp-2', 'sharp itself, 2 processes', 'sharp', { processes: 2 }),
]

/**
 * Finds out which servers can be started here.
 *
 * @param {{ peers?: string | undefined, installPeers: boolean, iipimage?: string | undefined }} options
 * @returns {Promise<{ servers: Server[], leftOut: string[] }>} and why the others cannot
 */
export async function findServers({ peers, installPeers, iipimage }) {
  if (installPeers) await installProcessor(peers ?? peersFolder)
  const found = await Promise.all([
    findProcessor(peers ?? peersFolder),
    findIipImage('iip-debian', debianProgram),
    ...(iipimage ? [findIipImage('iip-named', iipimage)] : []),
  ])
  const leftOut = found.filter(item => typeof item === 'string')
  return { servers: [...ownServers, ...found.filter(item => typeof item !== 'string')], leftOut }
}

/**
 * @param {string} id
 * @param {string} label
 * @param {string} script - in `servers/`
 * @param {object} settings
 * @returns {Server}
 */
function describe(id, label, script, settings) {
  return { id, label, script, settings: { folder: corpusFolder, ...settings }, formatUrl }
}

/** @param {string} folder */
async function installProcessor(folder) {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true }', { flag: 'wx' }).catch(() => {})
  await run('npm', ['install', '--no-audit', '--no-fund', 'iiif-processor@7'], { cwd: folder })
}

/** @param {string} folder */
async function findProcessor(folder) {
  try {
    const main = createRequire(join(folder, 'package.json')).resolve('iiif-processor')
    const { version } = JSON.parse(await readFile(join(main, '../../package.json'), 'utf8'))
    return describe('iiif-processor', `iiif-processor ${version}, 2 processes`, 'iiif-processor', {
      processes: 2,
      peers: folder,
    })
  } catch {
    return 'iiif-processor (not installed: --install-peers installs it into a temporary folder)'
  }
}

/**
 * @param {string} id
 * @param {string} program
 * @returns {Promise<Server | string>}
 */
async function findIipImage(id, program) {
  try {
    await access(program)
  } catch {
    return `IIPImage (there is no ${program}: apt-get install iipimage-server names Debian's)`
  }
  try {
    await run('spawn-fcgi', ['-v'])
    await run('nginx', ['-v'])
  } catch {
    return 'IIPImage (spawn-fcgi and nginx are needed to run it)'
  }
  const label = `IIPImage ${await readIipVersion(program)}, 2 processes`
  return { ...describe(id, label, 'iipimage', { processes: 2, program }), formatUrl: formatIipUrl }
}

// It has no option that tells its version, but it begins its log with it, and ends when nobody speaks FastCGI to it.
/** @param {string} program */
async function readIipVersion(program) {
  const home = await mkdtemp(join(tmpdir(), 'honeydew-bench-'))
  const log = join(home, 'log')
  try {
    const child = run(program, { env: { LOGFILE: log, VERBOSITY: '1' }, timeout: stopMs })
    child.child.stdin?.end()
    await child.catch(() => {})
    return /Version (\S+)/.exec(await readFile(log, 'latin1'))?.[1] ?? 'of unknown version'
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/**
 * Starts a server and waits until it answers.
 *
 * @param {Server} server
 * @param {object} [more] - settings for this start alone
 * @returns {Promise<Running>}
 */
export async function startServer({ label, script, settings }, more = {}) {
  const path = new URL(`./servers/${script}.js`, import.meta.url)
  const child = fork(path, [JSON.stringify({ ...settings, ...more })], {
    env: { ...process.env, NODE_ENV: 'production' },
    execArgv: [],
  })
  const exit = once(child, 'exit')
  /** @type {Ready[]} */
  const [ready] = await Promise.race([once(child, 'message'), exit.then(() => [])])
  if (!ready) throw new Error(`${label} could not be started.`)
  return {
    ...ready,
    async stop() {
      // Every server ends when its channel closes; one that does not is ended.
      if (child.connected) child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMs)
      if (child.exitCode === null && child.signalCode === null) await exit
      clearTimeout(timer)
    },
  }
}
