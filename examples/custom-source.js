// Images from wherever you keep them, here in a table in memory; a database looks the same:
//
//   node examples/custom-source.js ./images
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { bytesSource, createImageService, fileSource, listImages } from 'honeydew'
import { createNodeHandler } from 'honeydew/node'

const folder = process.argv[2] ?? './images'
const port = Number(process.env.PORT ?? 8182)

// Our table: the identifier `picture-1` and so on, with the bytes of an image and a revision.
const table = new Map()
for await (const name of listImages(folder)) {
  table.set(`picture-${table.size + 1}`, { bytes: await readFile(join(folder, name)), revision: 1 })
}

// A source is a function from an identifier to an image, or to `undefined` for "I do not have it".
/** @type {import('honeydew').SourceResolver} */
async function tableSource(identifier) {
  const row = table.get(identifier)
  // The version must change whenever the bytes do: caches, here and in browsers, go by it.
  return row && bytesSource(row.bytes, { version: `revision-${row.revision}` })
}

// Several sources are asked in their order: what is not in the table may be a file.
const service = createImageService({ source: [tableSource, fileSource(folder)] })

createServer(createNodeHandler(service)).listen(port, () => {
  const identifiers = [...table.keys()].join(', ')
  console.log(`There is ${identifiers || 'no picture'} at http://localhost:${port}/iiif/3/`)
})
