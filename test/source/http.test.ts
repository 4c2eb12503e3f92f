import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ImageSource, OpenResolver } from '../../src/contracts.js'
import { type HttpSourceOptions, httpSource } from '../../src/source/http.js'
import { createFolder } from '../image/picture.js'
import { collect, describeSourceContract } from './contract.js'
import { type FileServer, startFileServer } from './http-server.js'

let server: FileServer
let folder: string
const opened: OpenResolver[] = []

beforeAll(async () => {
  server = await startFileServer()
  folder = await createFolder()
})

beforeEach(() => server.reset())

afterAll(async () => {
  await Promise.all(opened.map(source => source.close()))
})

function open(options: Partial<HttpSourceOptions> = {}): OpenResolver {
  const source = httpSource({
    url: `${server.origin}/{+identifier}`,
    allowPrivateAddresses: true,
    tempDirectory: folder,
    ...options,
  })
  opened.push(source)
  return source
}

let count = 0
async function resolveBytes(bytes: Uint8Array, hasRanges = true): Promise<ImageSource> {
  count += 1
  server.hasRanges = hasRanges
  server.files.set(`/contract-${count}`, { bytes })
  const source = await open()(`contract-${count}`, {})
  if (!source) throw new Error('not found')
  return source
}

describeSourceContract('a small file by range', bytes => resolveBytes(bytes))
describeSourceContract('a file of a server without ranges', bytes => resolveBytes(bytes, false))

/** Bytes that begin as a TIFF does. */
function tiffBytes(length: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 251)
  bytes.set([0x49, 0x49, 42, 0])
  return bytes
}

describe('an image by HTTP', () => {
  it('costs one round trip to look up, which brings its first bytes', async () => {
    server.files.set('/a.tif', { bytes: tiffBytes(3_000_000), lastModified: 'Tue, 24 Nov 2026 06:00:00 GMT' })
    const source = await open()('a.tif', {})
    expect(source).toMatchObject({
      size: 3_000_000,
      formatHint: 'tif',
      lastModified: new Date('2026-11-24T06:00:00Z'),
    })
    expect(source?.path).toBeUndefined()
    const head = await source?.read(0, 16_384)
    expect(Buffer.compare(head ?? new Uint8Array(), tiffBytes(16_384))).toBe(0)
    expect(server.seen).toHaveLength(1)
    expect(server.sent()).toBe(16_384)
  })

  it('that is decoded as a whole is fetched into a file, when it is read and not before', async () => {
    const bytes = tiffBytes(2_000_000).fill(0xff, 0, 2)
    server.files.set('/b.jpg', { bytes })
    const source = await open()('b.jpg', {})
    expect(server.sent()).toBe(16_384)
    expect(Buffer.compare(await collect(source!.stream!()), bytes)).toBe(0)
    expect(server.seen).toHaveLength(2)
    expect(await readdir(join(source?.path ?? '', '..'))).toContain(source?.path?.split('/').at(-1))
  })
})
