/* Measures sessions of a viewer against one server: what they cost its processor, and what they ask of where the
   pictures are. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { listSession } from './session.js'

/** @typedef {{ milliseconds: number, requests: number, bytes: number, tileBytes: number, openRequests: number }} Figures -
 *   of one session: the median of the time, the mean of what was asked for */
/** @typedef {{ image: import('./session.js').Size, side: number, count: number, sessions: number, block: number, warmUps: number }} Session -
 *   what is asked for, how many times, how many of these one server gets before it is the turn of the next, and how many at
 *   the beginning of a turn only warm up; all of the first turn does */

const connections = 6

/** @typedef {{ settings: import('../servers/remote.js').Settings, store?: import('./nginx.js').Store | undefined }} Contender -
 *   a server, and what counts what it asks of it */

/**
 * The servers take turns, so that what the machine does meanwhile meets them alike. A turn is long: a server that idles
 * between two sessions is not what anybody pays for, and Node cleans up when it idles.
 *
 * @param {readonly Contender[]} contenders
 * @param {readonly string[]} names - of the picture, taken in turn: a session of its own each
 * @param {Session} session
 * @returns {Promise<Figures[]>}
 */
export async function measureSessions(contenders, names, session) {
  const servers = await Promise.all(contenders.map(startServer))
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  try {
    for (let first = 0; first < session.sessions; first += session.block) {
      for (const server of servers) {
        for (let turn = 0; turn < session.block; turn += 1) {
          const index = first + turn
          const name = names[index % names.length] ?? ''
          const paths = listSession(session.image, session.side, session.count, index + 1)
          const figures = await measureSession(server, name, paths, session.side, agent)
          if (index === 0) server.openRequests = figures.openRequests
          if (first > 0 && turn >= session.warmUps) server.figures.push(figures)
        }
      }
    }
  } finally {
    agent.destroy()
    await Promise.all(servers.map(server => server.stop()))
  }
  return servers.map(({ figures, openRequests }) => ({ ...summarize(figures), openRequests }))
}

/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */

/** @param {Contender} contender */
async function startServer({ settings, store }) {
  const script = new URL('../servers/remote.js', import.meta.url)
  const child = fork(script, [JSON.stringify(settings)], {
    env: { ...process.env, NODE_ENV: 'production' },
    execArgv: [],
  })
  const [{ port }] = await once(child, 'message')
  /** @type {Figures[]} */
  const figures = []
  return {
    store,
    figures,
    // Those of the first session: later ones may find the picture open.
    openRequests: 0,
    origin: `http://127.0.0.1:${port}`,
    isPeer: settings.peers !== undefined,
    async readUsage() {
      child.send({})
      const [{ milliseconds }] = await once(child, 'message')
      return milliseconds
    },
    async stop() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

/**
 * @param {Server} server
 * @param {string} name
 * @param {readonly string[]} paths
 * @param {number} side
 * @param {Agent} agent
 * @returns {Promise<Figures>}
 */
async function measureSession({ store, origin, isPeer, readUsage }, name, paths, side, agent) {
  const base = `${origin}/iiif/3/${name}`
  await store?.reset()
  if (!isPeer) await fetchLength(`${base}/info.json`, agent)
  // One tile, so that the picture is open.
  await fetchLength(`${base}/0,0,${side},${side}/${side},${side}/0/default.jpg`, agent)
  const opened = await readTraffic(store)
  await store?.reset()
  const before = await readUsage()
  const tileBytes = await askAll(
    paths.map(path => `${base}/${path}`),
    agent,
  )
  const milliseconds = (await readUsage()) - before
  return { milliseconds, tileBytes, openRequests: opened.requests, ...(await readTraffic(store)) }
}

/**
 * @param {readonly Figures[]} sessions
 * @returns {Figures}
 */
function summarize(sessions) {
  /** @param {keyof Figures} name */
  const mean = name => sessions.reduce((sum, figures) => sum + figures[name], 0) / sessions.length
  const times = sessions.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
  return {
    milliseconds: times[Math.floor(times.length / 2)] ?? Number.NaN,
    requests: mean('requests'),
    bytes: mean('bytes'),
    tileBytes: mean('tileBytes'),
    openRequests: mean('openRequests'),
  }
}

// A log is written a moment after the answer.
/** @param {import('./nginx.js').Store | undefined} store */
async function readTraffic(store) {
  if (!store) return { requests: 0, bytes: 0 }
  await new Promise(resolve => setTimeout(resolve, 20))
  return store.read()
}

/**
 * @param {readonly string[]} urls
 * @param {Agent} agent
 */
async function askAll(urls, agent) {
  const rest = urls[Symbol.iterator]()
  /** @type {number[]} */
  const lengths = []
  const askNext = async () => {
    // The connections share one iterator: each asks for the next tile when it has its last.
    for (const url of rest) lengths.push(await fetchLength(url, agent))
  }
  await Promise.all(Array.from({ length: connections }, askNext))
  return lengths.reduce((sum, length) => sum + length, 0)
}

/**
 * @param {string} url
 * @param {Agent} agent
 * @returns {Promise<number>}
 */
function fetchLength(url, agent) {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, answer => {
      let length = 0
      answer.on('data', chunk => {
        length += chunk.length
      })
      answer.on('error', reject)
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(length)
        else reject(new Error(`${url}: ${answer.statusCode}`))
      })
    })
    request.on('error', reject)
  })
}
