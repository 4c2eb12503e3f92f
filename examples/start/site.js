/* What is served beside the images: the gallery, the viewers, the health, and the few files that the pages load. Files are
   looked up in a list made at the start, never by a path from a request. */
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { galleryPage, miradorPage, missingPage, viewerPage } from './page.js'

/** @typedef {{ status: number, type: string, body: string | Buffer, policy?: string }} Answer */
/** @typedef {import('honeydew').Health} Health */
/** @typedef {import('./gallery.js').GalleryPage} GalleryPage */
/** @typedef {import('./gallery.js').GalleryQuestion} GalleryQuestion */

// The hash is that of no style at all: the viewer's page has an empty one where OpenSeadragon would put one of its own. All
// else that OpenSeadragon styles it styles through the object model, which needs no permission.
const policy = formatPolicy("'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='")

// Mirador writes its styles into the page.
const miradorPolicy = formatPolicy("'unsafe-inline'")

/** @param {string} styles */
function formatPolicy(styles) {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' ${styles}`,
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** @type {Readonly<Record<string, string>>} */
const types = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}

/**
 * @typedef {object} SiteOptions
 * @property {(question: GalleryQuestion) => Promise<GalleryPage>} gallery
 * @property {() => Promise<Health>} health
 */

/**
 * Creates the request listener for everything that is no image and no manifest.
 *
 * @param {SiteOptions} options
 * @returns {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void}
 */
export function createSite({ gallery, health }) {
  const files = findFiles()
  const hasMirador = files.has('/mirador/mirador.min.js')
  return (request, response) => {
    const method = request.method ?? 'GET'
    if (method !== 'GET' && method !== 'HEAD')
      return void response.writeHead(405, { Allow: 'GET, HEAD' }).end()
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
    answer(path, new URLSearchParams(query)).then(send, error => {
      console.error(error)
      send({ status: 500, type: 'text/plain; charset=utf-8', body: 'Something went wrong.\n' })
    })

    /** @param {Answer} answer */
    function send({ status, type, body, policy: own = policy }) {
      const headers = { ...fixedHeaders, 'Content-Security-Policy': own, 'Content-Type': type }
      response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
      response.end(method === 'HEAD' ? undefined : body)
    }
  }

  /**
   * @param {string} path
   * @param {URLSearchParams} query
   * @returns {Promise<Answer>}
   */
  async function answer(path, query) {
    if (path === '/') return formatAnswer(200, galleryPage(await gallery(parseQuestion(query))))
    if (path === '/health') {
      const facts = await health()
      const status = facts.color === 'RED' ? 503 : 200
      return { status, type: 'application/json', body: `${JSON.stringify(facts)}\n` }
    }
    const [, viewer, segment] = /^\/(view|mirador)\/([^/]+)$/.exec(path) ?? []
    const file = files.get(path)
    if (file !== undefined)
      return { status: 200, type: types[extname(file)] ?? '', body: await readFile(file) }
    const identifier = decode(segment)
    if (identifier && viewer === 'view') return formatAnswer(200, viewerPage(identifier, { hasMirador }))
    if (identifier && viewer === 'mirador' && hasMirador)
      return { ...formatAnswer(200, miradorPage(identifier)), policy: miradorPolicy }
    return formatAnswer(404, missingPage())
  }
}

const fixedHeaders = {
  'Cache-Control': 'no-cache',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/**
 * Numbers that no folder reaches, and questions that no name answers, are cut.
 *
 * @param {URLSearchParams} query
 * @returns {GalleryQuestion}
 */
function parseQuestion(query) {
  const page = query.get('page') ?? ''
  const number = /^[1-9]\d{0,5}$/.test(page) ? Number(page) : 1
  return { query: (query.get('q') ?? '').trim().slice(0, 200), number }
}

/**
 * @param {number} status
 * @param {string} body
 * @returns {Answer}
 */
function formatAnswer(status, body) {
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
  const require = createRequire(import.meta.url)
  const viewer = dirname(require.resolve('openseadragon'))
  const images = readdirSync(join(viewer, 'images')).filter(name => name.endsWith('.png'))
  const mirador = findMirador(require)
  /** @type {(path: string, file: string) => [string, string]} */
  const entry = (path, file) => [path, file]
  return new Map([
    ...readdirSync(own).map(name => entry(`/${name}`, join(own, name))),
    ...images.map(name => entry(`/openseadragon/images/${name}`, join(viewer, 'images', name))),
    entry('/openseadragon/openseadragon.min.js', join(viewer, 'openseadragon.min.js')),
    ...(mirador ? [entry('/mirador/mirador.min.js', mirador)] : []),
  ])
}

/**
 * Mirador is offered where it is installed, as it is in a clone of the repository; nobody has to have it.
 *
 * @param {NodeJS.Require} require
 */
function findMirador(require) {
  try {
    return require.resolve('mirador')
  } catch {
    return undefined
  }
}
