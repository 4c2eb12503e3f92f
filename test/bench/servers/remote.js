/* honeydew, or iiif-processor, with images that are elsewhere; tells what it has used of the processor when it is asked. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createImageService, fileSource } from 'honeydew'
import { createNodeHandler } from 'honeydew/node'
import { blockCache } from '../../../dist/source/block-cache.js'
import { httpSource } from '../../../dist/source/http.js'
import { s3Source } from '../../../dist/source/s3.js'
import { createPlainListener, readSettings, serve } from './serve.js'

/** @typedef {import('../../../dist/source/s3-client.js').S3Connection} S3Connection */
/** @typedef {import('../../../dist/source/block-cache.js').BlockCacheOptions} BlockCacheOptions */
/** @typedef {{ folder?: string, origin?: string, s3?: { bucket: string, client: S3Connection }, tempDirectory?: string,
 *   blocks?: BlockCacheOptions, peers?: string, levels?: object[] }} Settings - where the images are, and who serves them */

/** @type {Settings} */
const { folder, origin, s3, tempDirectory = '.', blocks, peers, levels = [] } = readSettings()

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ milliseconds: (user + system) / 1000 })
})

await serve(1, peers ? createProcessor : createHoneydew)

function createHoneydew() {
  return createNodeHandler(createImageService({ source: createSource(), cache: false, revalidate: 'never' }))
}

function createSource() {
  const common = { tempDirectory, cache: blockCache(blocks), revalidateSeconds: 3600 }
  if (origin) return httpSource({ url: `${origin}/{identifier}`, allowPrivateAddresses: true, ...common })
  if (s3) return s3Source({ ...s3, ...common })
  return fileSource(folder ?? '.')
}

// As its documentation shows it for images in a store: the whole of the image for each request.
function createProcessor() {
  const { Processor } = createRequire(join(peers ?? '', 'package.json'))('iiif-processor')
  /** @param {{ id: string }} request */
  const streamResolver = async ({ id }) => {
    const answer = await fetch(`${origin}/${id}`)
    if (!answer.ok || !answer.body) throw new Error(`${answer.status}`)
    return Readable.fromWeb(/** @type {import('node:stream/web').ReadableStream} */ (answer.body))
  }
  return createPlainListener(async url => {
    const options = { dimensionFunction: () => levels }
    const result = await new Processor(`http://127.0.0.1${url}`, streamResolver, options).execute()
    if (result.type !== 'content') throw new Error(result.message)
    return { type: result.contentType, body: result.body }
  })
}
