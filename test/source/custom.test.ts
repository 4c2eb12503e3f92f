import { describe, expect, it } from 'vitest'
import { NotFoundError } from '../../src/errors.js'
import { blockCache } from '../../src/source/block-cache.js'
import { type CustomSourceOptions, customSource } from '../../src/source/custom.js'
import { describeSourceContract } from './contract.js'

const optionsOf = (bytes: Uint8Array): CustomSourceOptions => ({
  version: `v${bytes.length}`,
  size: bytes.length,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
})

let count = 0
describeSourceContract('a source of one’s own', bytes => customSource(optionsOf(bytes)))
describeSourceContract('a source of one’s own behind a cache', bytes => {
  count += 1
  return customSource({ ...optionsOf(bytes), cache: blockCache(), key: `contract ${count}` })
})

describe('a source of one’s own', () => {
  it('tells what it was given', () => {
    const facts = { lastModified: new Date(5000), formatHint: 'tif' }
    const source = customSource({ ...optionsOf(new Uint8Array(3)), ...facts })
    expect(source).toMatchObject({ version: 'v3', size: 3, ...facts })
    expect(Object.keys(customSource(optionsOf(new Uint8Array(3))))).not.toContain('formatHint')
  })

  it('behind a cache reads each block once, and another version anew', async () => {
    const cache = blockCache({ readAheadBytes: 0 })
    const asked: [number, number][] = []
    const bytes = new Uint8Array(20_000)
    const create = (version: string) =>
      customSource({
        version,
        size: bytes.length,
        read(offset, length) {
          asked.push([offset, length])
          return bytes.subarray(offset, offset + length)
        },
        cache,
        key: 'image 7',
      })
    await create('1').read(5000, 10)
    await create('1').read(5000, 10)
    await create('2').read(5000, 10)
    expect(asked).toEqual([
      [4096, 4096],
      [4096, 4096],
    ])
  })

  it.each<[string, CustomSourceOptions['read'], object]>([
    ['too few bytes', () => new Uint8Array(3), { status: 500, code: 'source-unreadable' }],
    ['too many bytes', () => new Uint8Array(11), { status: 500, code: 'source-unreadable' }],
    ['no bytes at all', () => undefined as unknown as Uint8Array, { status: 500, code: 'source-unreadable' }],
    ['an error', () => Promise.reject(new Error('SQLITE_BUSY')), { status: 500, code: 'source-unreadable' }],
    ['an error of ours', () => Promise.reject(new NotFoundError('not-found', 'gone')), { status: 404 }],
  ])('that gives %s is an error with a status', async (_, read, expected) => {
    const error: unknown = await customSource({ version: '1', size: 10, read })
      .read(0, 10)
      .catch((cause: unknown) => cause)
    expect(error).toMatchObject(expected)
    expect(`${error}`).not.toContain('SQLITE')
  })

  it.each([
    ['version', { version: '' }],
    ['version', { version: 'with space' }],
    ['size', { size: -1 }],
    ['size', { size: undefined }],
    ['read', { read: undefined }],
    ['lastModified', { lastModified: new Date(Number.NaN) }],
    ['key', { cache: blockCache() }],
  ])('a wrong %s is told by its name', (name, options) => {
    const all = { ...optionsOf(new Uint8Array()), ...options } as CustomSourceOptions
    expect(() => customSource(all)).toThrow(new RegExp(`^${name}: expected `))
  })
})
