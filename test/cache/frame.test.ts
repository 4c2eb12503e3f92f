import { describe, expect, it } from 'vitest'
import { buildFrame, countFrameBytes, parseFrame, readFrameBytes } from '../../src/cache/frame.js'

const entry = { bytes: Uint8Array.from({ length: 300 }, (_, index) => index % 256), mediaType: 'image/jpeg' }
const key = 'maps%2F1652.tif|v1|full'
const frame = Buffer.concat(buildFrame(key, entry, 1_700_000_000_123.5))

describe('a frame', () => {
  it('holds an entry, and when it was stored', () => {
    const found = parseFrame(frame, key)
    expect(found?.storedAt).toBe(1_700_000_000_123.5)
    expect(found?.entry.mediaType).toBe('image/jpeg')
    expect(Buffer.compare(found?.entry.bytes ?? new Uint8Array(), entry.bytes)).toBe(0)
  })

  it('can be a part of a larger buffer', () => {
    const larger = Buffer.concat([Buffer.alloc(7), frame, Buffer.alloc(7)])
    expect(parseFrame(larger.subarray(7, -7), key)).toBeDefined()
    expect(readFrameBytes(larger.subarray(7, -7))).toBe(frame.byteLength)
  })

  it('does not copy the body', () => {
    const [head, body] = buildFrame(key, entry, 0)
    expect(body).toBe(entry.bytes)
    expect(countFrameBytes(key, entry)).toBe(head.byteLength + body.byteLength)
    expect(parseFrame(frame, key)?.entry.bytes.buffer).toBe(frame.buffer)
  })

  it('keeps keys and media types that are not ASCII', () => {
    const strange = { ...entry, mediaType: 'image/\u00fc' }
    const found = parseFrame(
      Buffer.concat(buildFrame('\u00fc\ud83d\ude00|1', strange, 0)),
      '\u00fc\ud83d\ude00|1',
    )
    expect(found?.entry.mediaType).toBe('image/\u00fc')
  })

  it('is none for another key', () => {
    expect(parseFrame(frame, `${key}x`)).toBeUndefined()
    expect(parseFrame(frame, key.slice(0, -1))).toBeUndefined()
  })

  it('is none any more when any one of its bits is another', () => {
    for (let bit = 0; bit < frame.byteLength * 8; bit += 1) {
      const damaged = Buffer.from(frame)
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      if (parseFrame(damaged, key)) expect.fail(`bit ${bit} may be another`)
    }
  })

  it('is none any more when it is cut anywhere, or longer', () => {
    for (let length = 0; length < frame.byteLength; length += 1) {
      if (parseFrame(frame.subarray(0, length), key)) expect.fail(`it may end after ${length} bytes`)
    }
    expect(parseFrame(Buffer.concat([frame, Buffer.alloc(1)]), key)).toBeUndefined()
    expect(parseFrame(Buffer.alloc(frame.byteLength), key)).toBeUndefined()
  })

  it('tells its length by its beginning; what is no beginning tells none', () => {
    expect(readFrameBytes(frame.subarray(0, 32))).toBe(frame.byteLength)
    expect(readFrameBytes(frame.subarray(0, 31))).toBeUndefined()
    expect(readFrameBytes(Buffer.alloc(64))).toBeUndefined()
    const endless = Buffer.from(frame)
    endless.writeDoubleLE(Number.POSITIVE_INFINITY, 16)
    expect(readFrameBytes(endless)).toBeUndefined()
  })
})
