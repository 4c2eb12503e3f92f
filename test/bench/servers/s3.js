/* A server on loopback that speaks S3 (s3rver), and tells what was asked of it when it is asked. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3 } from '@aws-sdk/client-s3'
import S3rver from 's3rver'

const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
const bucket = 'masters'

const [folder = '.'] = process.argv.slice(2)
const directory = await mkdtemp(join(tmpdir(), 'honeydew-s3-'))
const store = new S3rver({ directory, silent: true, configureBuckets: [{ name: bucket, configs: [] }] })
await store.configureBuckets()
const listener = store.callback()
let traffic = { requests: 0, bytes: 0 }
const server = createServer((request, response) => {
  response.once('finish', () => {
    traffic.requests += 1
    traffic.bytes += Number(response.getHeader('content-length') ?? 0)
  })
  listener(request, response)
})
await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)))
const address = server.address()
const client = {
  endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: keys,
}
const sdk = new S3(client)
// Whole: of a stream the client makes chunks of a newer kind, which s3rver keeps as they come.
for (const name of await readdir(folder))
  await sdk.putObject({ Bucket: bucket, Key: name, Body: await readFile(join(folder, name)) })
sdk.destroy()

process.on('message', question => {
  if (question === 'reset') traffic = { requests: 0, bytes: 0 }
  process.send?.(traffic)
})
process.once('disconnect', async () => {
  server.closeAllConnections()
  server.close()
  await rm(directory, { recursive: true, force: true })
})
process.send?.({ bucket, client })
