/* A server with a picture, its documents, and the viewers that npm has installed; nothing comes from anywhere else. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createNodeHandler } from '../../src/adapters/node.js'
import { listingOf } from '../../src/presentation/listing.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { listImages } from '../../src/source/list.js'
import { paintPyramid } from './painted.js'

/** A viewer. */
export type ViewerName = 'mirador' | 'openseadragon' | 'clover'

/** A server that runs. */
export interface ViewerSite {
  /** Scheme, host and port. */
  readonly origin: string
  /** The folder with `picture.tif`. */
  readonly folder: string
  readonly service: ImageService
  /** The page of a viewer that opens a document. */
  pageOf(viewer: ViewerName, document: string): string
  close(): Promise<void>
}

const require = createRequire(import.meta.url)

/* The bundles that the packages have for pages without a build; what else they would load is in them. */
const bundles: Readonly<Record<ViewerName, string>> = {
  mirador: require.resolve('mirador'),
  openseadragon: join(dirname(require.resolve('openseadragon')), 'openseadragon.min.js'),
  clover: join(
    dirname(require.resolve('@samvera/clover-iiif/package.json')),
    'dist/web-components/index.umd.js',
  ),
}

const starts: Readonly<Record<ViewerName, (document: string) => string>> = {
  mirador: document =>
    `Mirador.viewer({ id: 'viewer', windows: [{ manifestId: ${document} }], window: { allowClose: false } })`,
  openseadragon: document =>
    `OpenSeadragon({ id: 'viewer', tileSources: ${document}, drawer: 'canvas', showNavigationControl: false })`,
  clover: document =>
    `const element = document.createElement('clover-viewer')
     element.setAttribute('id', ${document})
     document.getElementById('viewer').append(element)`,
}

/** Starts a server. */
export async function openViewerSite(): Promise<ViewerSite> {
  const folder = await mkdtemp(join(tmpdir(), 'honeydew-viewers-'))
  await writeFile(join(folder, 'picture.tif'), await paintPyramid())
  const service = createImageService({
    source: fileSource(folder),
    presentation: { listing: listingOf(() => listImages(folder)), about: { label: 'A picture' } },
  })
  const { origin, close } = await listen(createNodeHandler(service, answer))
  return {
    origin,
    folder,
    service,
    pageOf: (viewer, document) => `${origin}/${viewer}?${new URLSearchParams({ document })}`,
    async close() {
      await close()
      await service.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts a server on a free port. */
export async function listen(listener: RequestListener): Promise<{ origin: string; close(): Promise<void> }> {
  const server: Server = createServer(listener)
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

const answer: RequestListener = (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const [, viewer, script] = /^\/(mirador|openseadragon|clover)(\.js)?$/.exec(pathname) ?? []
  if (viewer === undefined) {
    // Browsers ask for an icon of any page.
    response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end()
  } else if (script) {
    readFile(bundles[viewer as ViewerName]).then(
      code => response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8' }).end(code),
      () => response.writeHead(500).end(),
    )
  } else {
    const document = JSON.stringify(searchParams.get('document')).replaceAll('<', '\\u003c')
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
    response.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>${viewer}</title>
<style>html, body { margin: 0; height: 100% } #viewer { position: absolute; inset: 0 }</style>
<div id="viewer"></div><script src="/${viewer}.js"></script>
<script>${starts[viewer as ViewerName](document)}</script></html>`)
  }
}
