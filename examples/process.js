// No server at all: the steps of the library, one after the other, to make an image and write it to a file.
//
//   node examples/process.js ./images /iiif/3/cat.png/square/200,/0/gray.jpg cat-200.jpg
import { writeFile } from 'node:fs/promises'
import { argv, exit } from 'node:process'
import { fileSource, isIIIFError, parseRequest, process, resolveSource } from 'honeydew'

const [, , folder, path, output] = argv
if (folder === undefined || path === undefined || output === undefined) {
  console.error('Usage: node examples/process.js <folder> <IIIF path> <output file>')
  exit(2)
}

try {
  // 1. What is asked for? The path of a URL becomes a plain record.
  const request = parseRequest(path)
  if (request?.kind !== 'image') throw new TypeError(`${path} asks for no image`)

  // 2. Where is it? A source gives the bytes of the original.
  const source = await resolveSource(request.identifier, fileSource(folder))

  // 3. Make it.
  const { body, mediaType, resolved } = await process(request, source)
  await writeFile(output, body)
  console.log(`${output}: ${mediaType}, ${resolved.size.width} × ${resolved.size.height} pixels`)
} catch (error) {
  // What is wrong with a request or a source has a code and says what was expected; the rest is a fault.
  if (!isIIIFError(error)) throw error
  console.error(`${error.code}: ${error.message}`)
  exit(1)
}
