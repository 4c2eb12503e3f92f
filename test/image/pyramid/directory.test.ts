import { describe, expect, it } from 'vitest'
import {
  type Field,
  firstNumber,
  formatDirectory,
  readDirectory,
  readHeader,
} from '../../../src/image/pyramid/directory.js'

const forms = [
  ['II', false],
  ['MM', false],
  ['II', true],
  ['MM', true],
].map(([order, bigTiff]) => ({ littleEndian: order === 'II', bigTiff: bigTiff === true }))

const fields: Field[] = [
  { tag: 271, type: 2, count: 4, bytes: Buffer.from('Cam\0') },
  { tag: 305, type: 2, count: 11, bytes: Buffer.from('A long text') },
  { tag: 274, type: 3, count: 1, bytes: Uint8Array.of(6, 0) },
  { tag: 33434, type: 5, count: 1, bytes: Uint8Array.of(1, 0, 0, 0, 100, 0, 0, 0) },
  { tag: 37500, type: 7, count: 5, bytes: Uint8Array.of(1, 2, 3, 4, 5) },
  { tag: 258, type: 3, count: 3, bytes: Uint8Array.of(8, 0, 8, 0, 8, 0) },
  { tag: 34850, type: 12, count: 1, bytes: new Uint8Array(new Float64Array([Math.PI]).buffer) },
]

const readerOf = (bytes: Uint8Array) => async (offset: number, length: number) =>
  bytes.subarray(offset, offset + length)

describe.each(forms)('a directory, little-endian $littleEndian, BigTIFF $bigTiff', form => {
  it('is read as it was written, wherever it stands', async () => {
    for (const offset of [8, 16, 1000]) {
      const bytes = formatDirectory({ fields, next: 4711 }, offset, form)
      const file = Buffer.concat([Buffer.alloc(offset), bytes])
      const read = await readDirectory(readerOf(file), offset, form)
      const sorted = fields.toSorted((one, two) => one.tag - two.tag)
      expect(read.next).toBe(4711)
      expect(read.fields.map(field => ({ ...field, bytes: [...field.bytes] }))).toEqual(
        sorted.map(field => ({ ...field, bytes: [...field.bytes] })),
      )
    }
  })

  it('leaves out what lies outside of the file, unless every field counts', async () => {
    const bytes = formatDirectory({ fields, next: 0 }, 16, form)
    const file = Buffer.concat([Buffer.alloc(16), bytes]).subarray(0, 16 + bytes.length - 4)
    const { fields: read } = await readDirectory(readerOf(file), 16, form)
    expect(read).toHaveLength(fields.length - 1)
    await expect(readDirectory(readerOf(file), 16, form, true)).rejects.toMatchObject({
      code: 'source-damaged',
    })
  })
})

it('of more fields than any has is damaged, and so is one outside of the file', async () => {
  const form = { littleEndian: true, bigTiff: false }
  const many = readerOf(Uint8Array.of(0xff, 0xff, ...new Uint8Array(100)))
  await expect(readDirectory(many, 0, form)).rejects.toMatchObject({ code: 'source-damaged' })
  await expect(readDirectory(many, 5000, form)).rejects.toMatchObject({ code: 'source-damaged' })
})

it.each([
  ['II*\0\x08\0\0\0', { littleEndian: true, bigTiff: false, first: 8 }],
  ['MM\0*\0\0\x01\x02', { littleEndian: false, bigTiff: false, first: 258 }],
  ['II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0', { littleEndian: true, bigTiff: true, first: 16 }],
])('a header: %j', async (text, header) => {
  expect(await readHeader(readerOf(Buffer.from(text, 'latin1')))).toEqual(header)
})

it.each(['', 'II', 'IM*\0\x08\0\0\0', 'II-\0\x08\0\0\0', 'II+\0\x08\0\0\0', 'JFIFJFIF'])(
  'no header: %j',
  async text => {
    await expect(readHeader(readerOf(Buffer.from(text, 'latin1')))).rejects.toMatchObject({
      code: 'source-damaged',
    })
  },
)

it('the first number of a field is read by its type', () => {
  const field = (type: number, ...bytes: number[]): Field => ({
    tag: 1,
    type,
    count: 1,
    bytes: Uint8Array.from(bytes),
  })
  expect(firstNumber(field(1, 7))).toBe(7)
  expect(firstNumber(field(3, 1, 2))).toBe(513)
  expect(firstNumber(field(4, 0, 0, 1, 0))).toBe(65_536)
  expect(firstNumber(field(18, 1, 0, 0, 0, 1, 0, 0, 0))).toBe(2 ** 32 + 1)
  expect(firstNumber(field(4, 1))).toBeUndefined()
})
