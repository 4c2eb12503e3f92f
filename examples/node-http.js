// An image server with nothing but Node:
//
//   node examples/node-http.js ./images
//
// Then open http://localhost:8182/iiif/3/<name of a file>/full/800,/0/default.jpg
import { createServer } from 'node:http'
import { createImageService, fileSource } from 'honeydew'
import { createNodeHandler } from 'honeydew/node'

const folder = process.argv[2] ?? './images'
const port = Number(process.env.PORT ?? 8182)

// The service knows IIIF; the handler is its door to Node's own servers, be it http, https or http2.
const service = createImageService({ source: fileSource(folder) })

// The second argument is optional: it answers everything that is no IIIF path.
const handler = createNodeHandler(service, (request, response) => {
  response.writeHead(404, { 'Content-Type': 'text/plain' })
  response.end(`There is nothing at ${request.url}; images are below /iiif/3/\n`)
})

createServer(handler).listen(port, () => {
  console.log(`The images of ${folder} are at http://localhost:${port}/iiif/3/`)
})
