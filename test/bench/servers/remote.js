/* honeydew with images that are elsewhere; tells what it has used of the processor when it is asked. */
import { createImageService, fileSource } from 'honeydew'
import { createNodeHandler } from 'honeydew/node'
import { blockCache } from '../../../dist/source/block-cache.js'
import { httpSource } from '../../../dist/source/http.js'
import { s3Source } from '../../../dist/source/s3.js'
import { readSettings, serve } from './serve.js'

/** @typedef {import('../../../dist/source/s3-client.js').S3Connection} S3Connection */
/** @type {{ folder?: string, origin?: string, s3?: { bucket: string, client: S3Connection }, tempDirectory: string,
 *   blocks?: import('../../../dist/source/block-cache.js').BlockCacheOptions }} */
const { folder, origin, s3, tempDirectory, blocks } = readSettings()

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ milliseconds: (user + system) / 1000 })
})

function createSource() {
  const common = { tempDirectory, cache: blockCache(blocks) }
  if (origin) return httpSource({ url: `${origin}/{identifier}`, allowPrivateAddresses: true, ...common })
  if (s3) return s3Source({ ...s3, ...common })
  return fileSource(folder ?? '.')
}

await serve(1, () => createNodeHandler(createImageService({ source: createSource(), cache: false, revalidate: 'never' })))
