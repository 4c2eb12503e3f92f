/* The limit: Node's http server, which answers every request with the same bytes from memory. */
import { readSettings, serve } from './serve.js'

/** @type {{ processes: number, bytes: number }} */
const { processes, bytes } = readSettings()

await serve(processes, () => {
  const body = Buffer.alloc(bytes, 1)
  return (_, response) => {
    response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': body.length })
    response.end(body)
  }
})
