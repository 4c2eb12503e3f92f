/* honeydew with a budget of memory that a test of overload can reach; tells what it counts at /stats. */
import { createServer } from 'node:http'
import { createImageService, fileSource } from 'honeydew'
import { createNodeHandler } from 'honeydew/node'
import { readSettings, report } from './serve.js'

/** @type {{ folder: string, schedule: import('honeydew').ScheduleOptions, limits?: import('honeydew').LimitOptions }} */
const { folder, schedule, limits } = readSettings()
const service = createImageService({
  source: fileSource(folder),
  cache: false,
  schedule,
  ...(limits ? { limits } : {}),
})
const handler = createNodeHandler(service, (request, response) => {
  const isStats = request.url === '/stats'
  const body = isStats
    ? JSON.stringify({ ...service.stats(), resources: process.getActiveResourcesInfo() })
    : ''
  response.writeHead(isStats ? 200 : 404, { 'Content-Length': String(Buffer.byteLength(body)) })
  response.end(body)
})
process.once('disconnect', () => process.exit())
process.on('unhandledRejection', reason => {
  console.error('unhandled rejection:', reason)
  process.exit(1)
})
const server = createServer({ keepAliveTimeout: 60_000 }, handler)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') report({ port: address?.port ?? 0, pids: [process.pid] })
})
