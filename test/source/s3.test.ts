import { existsSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ImageSource, OpenResolver } from '../../src/contracts.js'
import { blockCache } from '../../src/source/block-cache.js'
import { type S3SourceOptions, s3Source } from '../../src/source/s3.js'
import { createFolder } from '../image/picture.js'
import { collect, describeSourceContract } from './contract.js'
import { keys, type S3TestServer, startS3Server } from './s3-server.js'

let store: S3TestServer
let folder: string
const opened: OpenResolver[] = []

beforeAll(async () => {
  store = await startS3Server()
  folder = await createFolder()
})

beforeEach(() => {
  store.seen.length = 0
  store.intercept = undefined
})

afterAll(async () => {
  await Promise.all(opened.map(source => source.close()))
})

function open(options: Partial<S3SourceOptions> = {}): OpenResolver {
  const source = s3Source({ bucket: 'masters', client: store.client, tempDirectory: folder, ...options })
  opened.push(source)
  return source
}

/** Bytes that begin as a TIFF does. */
function tiffBytes(length: number, seed = 31): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, index) => (index * seed + (index >> 8)) % 251)
  bytes.set([0x49, 0x49, 42, 0])
  return bytes
}

let count = 0
async function resolveBytes(bytes: Uint8Array, options: Partial<S3SourceOptions> = {}): Promise<ImageSource> {
  count += 1
  await store.put(`contract-${count}`, bytes)
  const source = await open(options)(`contract-${count}`, {})
  if (!source) throw new Error('not found')
  return source
}

describeSourceContract('an object, read without the SDK', bytes => resolveBytes(bytes))
describeSourceContract('an object, read by the SDK', bytes => resolveBytes(bytes, { client: store.sdk }))

describe.each([
  ['without the SDK', () => ({})],
  ['by the SDK', () => ({ client: store.sdk })],
])('an object that is read %s', (way, options) => {
  it('costs one request to look up, then only the ranges that are wanted', async () => {
    await store.put('scans/näher (1) & é+.tif', tiffBytes(2_000_000))
    const cache = blockCache({ readAheadBytes: 0 })
    const source = await open({ ...options(), key: 'scans/{identifier}.tif', cache })('näher (1) & é+', {})
    expect(source).toMatchObject({ size: 2_000_000, formatHint: 'tif' })
    expect(source?.lastModified).toBeInstanceOf(Date)
    expect(store.seen.map(({ status }) => status)).toEqual([206])
    const bytes = await source?.read(1_000_000, 5000)
    expect(Buffer.compare(bytes ?? new Uint8Array(), tiffBytes(1_005_000).subarray(1_000_000))).toBe(0)
    expect(store.seen).toHaveLength(2)
    expect(store.seen[1]?.headers.range).toBe('bytes=999424-1007615')
    expect(store.seen[1]?.headers['if-match']).toMatch(/^"[\da-f]{32}"$/)
  })

  it('is believed for as long as was said, then asked for only if it changed', async () => {
    await store.put('kept.tif', tiffBytes(50_000))
    const resolve = open({ ...options(), revalidateSeconds: 0 })
    const first = await resolve('kept.tif', {})
    const second = await resolve('kept.tif', {})
    expect(second?.version).toBe(first?.version)
    expect(store.seen.map(({ status }) => status)).toEqual([206, 304])
    await store.put('kept.tif', tiffBytes(50_000, 37))
    expect((await resolve('kept.tif', {}))?.version).not.toBe(first?.version)
  })

  it('never mixes versions, whether or not the store heeds the condition', async () => {
    await store.put('mixed.tif', tiffBytes(500_000))
    const source = await open({ ...options(), cache: blockCache({ readAheadBytes: 0 }) })('mixed.tif', {})
    await source?.read(0, 20_000)
    await store.put('mixed.tif', tiffBytes(500_000, 37))
    await expect(source?.read(300_000, 10)).rejects.toMatchObject({ status: 503, code: 'source-changed' })
    store.intercept = (request, response) => {
      response.writeHead(412, { 'content-type': 'application/xml' })
      response.end('<Error><Code>PreconditionFailed</Code></Error>')
      return request.headers['if-match'] !== undefined
    }
    await expect(source?.read(400_000, 10)).rejects.toMatchObject({ status: 503, code: 'source-changed' })
  })

  it('that was deleted between two reads has changed', async () => {
    await store.put('gone.tif', tiffBytes(500_000))
    const resolve = open({ ...options(), revalidateSeconds: 0 })
    const source = await resolve('gone.tif', {})
    await store.sdk.deleteObject({ Bucket: 'masters', Key: 'gone.tif' })
    await expect(source?.read(300_000, 10)).rejects.toMatchObject({ code: 'source-changed' })
    expect(await resolve('gone.tif', {})).toBeUndefined()
  })

  it('of a format that is decoded as a whole is fetched into a file when it is read', async () => {
    const bytes = tiffBytes(1_500_000).fill(0xff, 0, 2)
    const name = `whole ${way}.jpg`
    await store.put(name, bytes)
    const source = await open(options())(name, {})
    expect(existsSync(source?.path ?? '')).toBe(false)
    expect(Buffer.compare(await collect(source!.stream!()), bytes)).toBe(0)
    expect(existsSync(source?.path ?? '')).toBe(true)
    expect(store.seen).toHaveLength(2)
  })

  it('that is not there is not ours', async () => {
    expect(await open(options())('none.tif', {})).toBeUndefined()
  })

  it.each([
    ['a bucket that is not there', 404, 'NoSuchBucket', { status: 502, code: 'source-unavailable' }],
    ['an object that is closed to us', 403, 'AccessDenied', { status: 403, code: 'source-forbidden' }],
    ['a store that fails', 500, 'InternalError', { status: 502, code: 'source-unavailable' }],
  ])('%s is an error with a status', async (_case, status, code, expected) => {
    store.intercept = (_request, response) => {
      response
        .writeHead(status, { 'content-type': 'application/xml' })
        .end(`<Error><Code>${code}</Code></Error>`)
      return true
    }
    const error: unknown = await Promise.resolve(open(options())('x.tif', {})).catch(
      (cause: unknown) => cause,
    )
    expect(error).toMatchObject(expected)
    expect(String(error)).not.toContain('127.0.0.1')
  })

  it('that comes too late is given up', async () => {
    store.intercept = () => true
    const resolve = open({ ...options(), timeouts: { totalMs: 200 } })
    await expect(resolve('late.tif', {})).rejects.toMatchObject({ status: 504, code: 'source-timeout' })
  })

  it('that nobody waits for any more is not asked for any longer', async () => {
    const given = new AbortController()
    const ended = new Promise<void>(resolve => {
      store.intercept = (request, _response) => {
        request.socket.once('close', () => resolve())
        given.abort()
        return true
      }
    })
    await expect(open(options())('left.tif', { signal: given.signal })).rejects.toMatchObject({
      code: 'aborted',
    })
    await ended
  })
})

describe('where an object is', () => {
  it('may be told by a function: bucket, key, and the store with its keys, for each look-up', async () => {
    await store.sdk.createBucket({ Bucket: 'others' })
    await store.sdk.putObject({ Bucket: 'others', Key: 'a/b.tif', Body: tiffBytes(100) })
    const asked: string[] = []
    const resolve = open({
      client: { endpoint: 'http://127.0.0.1:9', credentials: 'anonymous' },
      key: identifier => {
        asked.push(identifier)
        if (identifier === 'not mine') return undefined
        return {
          bucket: 'others',
          key: `a/${identifier}`,
          client: { ...store.client, credentials: async () => keys },
        }
      },
    })
    expect((await resolve('b.tif', {}))?.size).toBe(100)
    expect(await resolve('not mine', {})).toBeUndefined()
    expect(asked).toEqual(['b.tif', 'not mine'])
  })

  it.each(['..', 'a/../b', './a', 'a//b', '/a', 'a/', 'a\\b', 'a\0b', ''])('is not %j', async identifier => {
    await expect(open()(identifier, {})).rejects.toMatchObject({ status: 400, code: 'invalid-identifier' })
  })

  it.each(['a/b', 'evil.example/', 'a@b', 'a:80', '', 'x'])('has no bucket such as %j', async bucket => {
    const client = { region: 'x', credentials: store.client.credentials, endpoint: store.client.endpoint }
    const resolve = open({ client, key: () => ({ bucket, key: 'a' }) })
    await expect(resolve('x', {})).rejects.toThrow(/^bucket: expected /)
    expect(store.seen).toEqual([])
  })

  it('is not the list of a bucket', async () => {
    await expect(open({ key: () => '' })('x', {})).rejects.toMatchObject({ code: 'invalid-identifier' })
    expect(store.seen).toEqual([])
  })

  it('is never a place that the URL of a key would be resolved to', async () => {
    const resolve = open({ key: () => 'a/../../other-bucket/secret.tif' })
    await expect(resolve('x', {})).rejects.toMatchObject({ code: 'invalid-identifier' })
    expect(store.seen).toEqual([])
  })
})

it('an object without bytes is a source without bytes', async () => {
  const source = await resolveBytes(new Uint8Array())
  expect(source.size).toBe(0)
})

describe('options', () => {
  it.each([
    ['bucket', { bucket: '' }],
    ['key', { key: 'fixed' }],
    ['revalidateSeconds', { revalidateSeconds: -1 }],
    ['timeouts.totalMs', { timeouts: { totalMs: 0 } }],
    ['maxTempBytes', { maxTempBytes: 0 }],
  ])('a wrong %s is told by its name', (name, options) => {
    expect(() => s3Source({ bucket: 'masters', ...options })).toThrow(new RegExp(`^${name}: expected `))
  })
})
