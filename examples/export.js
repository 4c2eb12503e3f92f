// An image as a folder of files that any web server can hand out: tiles, info.json and a manifest. Run it again after it
// was stopped, and it goes on where it was.
//
//   node examples/export.js ./images cat.tif ./public/cat https://static.example.org/cat
import { argv, exit } from 'node:process'
import { createImageService, fileSource, isIIIFError } from 'honeydew'
import { exportLevel0 } from 'honeydew/presentation'

const [, , images, identifier, folder, baseUri] = argv
if (images === undefined || identifier === undefined || folder === undefined || baseUri === undefined) {
  console.error('Usage: node examples/export.js <images> <identifier> <folder> <URI of the folder>')
  exit(2)
}

const service = createImageService({ source: fileSource(images) })
const controller = new AbortController()
process.once('SIGINT', () => controller.abort())
try {
  const { total, skipped, info } = await exportLevel0(service, identifier, folder, {
    baseUri,
    signal: controller.signal,
    onProgress: ({ done, total }) => process.stdout.isTTY && process.stdout.write(`\r${done} of ${total} `),
  })
  console.log(`${folder}: ${total} images, ${skipped} of them were there; viewers open ${info}`)
} catch (error) {
  if (!isIIIFError(error)) throw error
  console.error(`${error.code}: ${error.message}`)
  exit(1)
} finally {
  await service.close()
}
