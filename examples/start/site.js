/* What is served beside the images: the list, the viewer, the health, and the few files that the pages load. Files are
   looked up in a list made at the start, never by a path from a request. */
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listPage, missingPage, viewerPage } from './page.js'

/** @typedef {{ status: number, type: string, body: string | Buffer }} Answer */
/** @typedef {{ identifiers: string[], more: boolean }} Listing */
/** @typedef {import('honeydew').Health} Health */

// The hash is that of no style at all: page.js puts an empty one where OpenSeadragon would put one of its own. All else
// that OpenSeadragon styles it styles through the object model, which needs no permission.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** @type {Readonly<Record<string, string>>} */
const types = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}

/**
 * Creates the request listener for everything that is no image request.
 *
 * @param {{ listing: () => Promise<Listing>, health: () => Promise<Health> }} site
 * @returns {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void}
 */
export function createSite({ listing, health }) {
  const files = findFiles()
  return (request, response) => {
    const method = request.method ?? 'GET'
    if (method !== 'GET' && method !== 'HEAD')
      return void response.writeHead(405, { Allow: 'GET, HEAD' }).end()
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    answer(path).then(send, error => {
      console.error(error)
      send({ status: 500, type: 'text/plain; charset=utf-8', body: 'Something went wrong.\n' })
    })

    /** @param {Answer} answer */
    function send({ status, type, body }) {
      const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), ...fixedHeaders }
      response.writeHead(status, headers).end(method === 'HEAD' ? undefined : body)
    }
  }

  /**
   * @param {string} path
   * @returns {Promise<Answer>}
   */
  async function answer(path) {
    if (path === '/') {
      const { identifiers, more } = await listing()
      return formatPage(200, listPage(identifiers, more))
    }
    if (path === '/health') {
      const facts = await health()
      const status = facts.color === 'RED' ? 503 : 200
      return { status, type: 'application/json', body: `${JSON.stringify(facts)}\n` }
    }
    const identifier = decode(/^\/view\/([^/]+)$/.exec(path)?.[1])
    if (identifier) return formatPage(200, viewerPage(identifier))
    const file = files.get(path)
    if (file === undefined) return formatPage(404, missingPage())
    return { status: 200, type: types[extname(file)] ?? '', body: await readFile(file) }
  }
}

const fixedHeaders = {
  'Content-Security-Policy': policy,
  'Cache-Control': 'no-cache',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/**
 * @param {number} status
 * @param {string} body
 * @returns {Answer}
 */
function formatPage(status, body) {
  return { status, type: 'text/html; charset=utf-8', body }
}

/** @param {string | undefined} segment */
function decode(segment) {
  try {
    return segment && decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

/** The files that may be asked for, by their paths. */
function findFiles() {
  const own = fileURLToPath(new URL('./page/', import.meta.url))
  const viewer = dirname(createRequire(import.meta.url).resolve('openseadragon'))
  const images = readdirSync(join(viewer, 'images')).filter(name => name.endsWith('.png'))
  /** @type {(path: string, file: string) => [string, string]} */
  const entry = (path, file) => [path, file]
  return new Map([
    ...['style.css', 'viewer.js', 'icon.svg'].map(name => entry(`/${name}`, join(own, name))),
    ...images.map(name => entry(`/openseadragon/images/${name}`, join(viewer, 'images', name))),
    entry('/openseadragon/openseadragon.min.js', join(viewer, 'openseadragon.min.js')),
  ])
}
