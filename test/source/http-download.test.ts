// The promise of the issue, in full size: a source without ranges of 200 MB, wanted by a hundred at once.
import { readdir, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { httpSource } from '../../src/source/http.js'
import { createFolder } from '../image/picture.js'

it('a hundred requests for a source of 200 MB without ranges download it once, and nothing remains', async () => {
  const size = 200_000_000
  const piece = Buffer.alloc(1_000_000, 'honeydew')
  let downloads = 0
  const server = createServer((_request, response) => {
    downloads += 1
    response.writeHead(200, { etag: '"large"', 'content-length': size })
    let sent = 0
    const send = (): void => {
      while (sent < size) {
        sent += piece.length
        if (!response.write(piece)) return
      }
      response.end()
    }
    response.on('drain', send)
    send()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const folder = await createFolder()
  const source = httpSource({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/{identifier}`,
    allowPrivateAddresses: true,
    tempDirectory: folder,
    maxTempBytes: 250_000_000,
  })
  const sources = await Promise.all(Array.from({ length: 100 }, () => source('large', {})))
  const parts = await Promise.all(sources.map(found => found?.read(123_456_789, 8)))
  for (const part of parts)
    expect(Buffer.from(part ?? []).toString()).toBe(piece.toString('latin1', 456_789, 456_797))
  expect(downloads).toBe(1)
  const files = await readdir(join(folder, 'honeydew-spool'))
  const sizes = await Promise.all(
    files.map(async name => (await stat(join(folder, 'honeydew-spool', name))).size),
  )
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBe(size)
  await Promise.all(sources.map(found => found?.close?.()))
  await source.close()
  expect(await readdir(folder)).toEqual([])
  server.closeAllConnections()
  server.close()
}, 120_000)
