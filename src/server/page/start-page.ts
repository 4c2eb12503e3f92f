/* The page at `/`, for who wants to see at once that the server works: the images of the folder, and each to be zoomed into.
   It is all in this folder, and whoever has something better takes its place. */
import type { HttpHandler, HttpReply, HttpRequest } from '../../contracts.js'
import { parseQuery } from '../../http/query.js'
import type { ImageServiceOptions } from '../../options.js'
import type { ServerSettings } from '../options/table.js'
import { pageFiles } from './files.js'
import { type Locate, writeListPage, writeViewerPage } from './html.js'
import { createListing, type ListPage } from './listing.js'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Creates what answers at `/`, and with the files that the pages load. */
export function createStartPage(
  { folder }: Pick<ServerSettings, 'folder'>,
  options: Pick<ImageServiceOptions, 'prefixes' | 'publicPrefixes' | 'slashSubstitute' | 'presentation'>,
): HttpHandler {
  const list = folder === undefined ? undefined : createListing(folder)
  const locate = createLocate(options)
  return {
    async handle(request) {
      const [path = ''] = request.url.split(/[?#]/, 1)
      const file = pageFiles.get(path)
      if (path !== '/' && file === undefined) return undefined
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return { status: 405, headers: { Allow: 'GET, HEAD', 'Content-Length': '0' } }
      if (file) return reply(request, file.type, await file.read())
      const text = await writeAnswer(request.url, list, locate)
      return reply(request, 'text/html; charset=utf-8', text)
    },
  }
}

async function writeAnswer(url: string, list: ListPage | undefined, locate: Locate): Promise<string> {
  const query = parseQuery(url)
  const identifier = query.get('image')
  if (identifier) return writeViewerPage(identifier, locate)
  const words = (query.get('q') ?? '').slice(0, 200)
  const number = /^[1-9]\d{0,5}$/.test(query.get('page') ?? '') ? Number(query.get('page')) : 1
  return writeListPage(await list?.(words, number), words, locate)
}

function reply({ method }: HttpRequest, type: string, text: string): HttpReply {
  const headers = {
    'Content-Type': type,
    'Content-Length': String(Buffer.byteLength(text)),
    'Content-Security-Policy': policy,
    'Cache-Control': 'no-cache',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  }
  return method === 'HEAD' ? { status: 200, headers } : { status: 200, headers, body: text }
}

/* Addresses as the client knows them: the paths that a proxy shows, below whatever path it shows the server under. */
function createLocate({
  prefixes = {},
  publicPrefixes = {},
  slashSubstitute,
  presentation,
}: Parameters<typeof createStartPage>[1]): Locate {
  const versions = ([3, 2] as const).filter(version => prefixes[version] !== false)
  const { prefix = '/presentation', publicPrefix = prefix } =
    typeof presentation === 'object' ? presentation : {}
  return identifier => {
    const name = slashSubstitute ? identifier.replaceAll('/', slashSubstitute) : identifier
    const bases = versions.map(version => {
      const prefix = publicPrefixes[version] ?? (prefixes[version] || '')
      return { version, address: `.${prefix}/${encodeURIComponent(name)}` }
    })
    return {
      base: bases[0]?.address ?? '',
      infos: bases.map(({ version, address }) => ({ version, address: `${address}/info.json` })),
      ...(presentation && { manifest: `.${publicPrefix}/3/${encodeURIComponent(name)}/manifest` }),
    }
  }
}
