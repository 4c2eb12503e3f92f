import { describe, expect, it } from 'vitest'
import { createTileCounter } from '../../../src/image/pyramid/tile-counter.js'
import { fromPixels, wavePixels } from '../picture.js'

const picture = wavePixels(700, 500)
const tiled = { tile: true, tileWidth: 128, tileHeight: 128, predictor: 'horizontal' } as const

describe.each(['jpeg', 'webp', 'deflate'] as const)('the tiles of %s', compression => {
  const write = () =>
    fromPixels(picture)
      .tiff({ compression, ...tiled })
      .toBuffer()

  it('are counted in what libvips has written, but for what the last bytes leave open', async () => {
    const bytes = await write()
    const counter = createTileCounter(compression)
    counter.count(bytes)
    // Zeros push the last tile out of what decides.
    expect(counter.count(new Uint8Array(2000))).toBe(24)
  })

  it('are counted alike, however the bytes are cut', async () => {
    const bytes = Buffer.concat([await write(), new Uint8Array(2000)])
    for (const piece of [1000, 4093, 65_536]) {
      const counter = createTileCounter(compression)
      let counted = 0
      for (let at = 0; at < bytes.length; at += piece) {
        const next = counter.count(bytes.subarray(at, at + piece))
        expect(next).toBeGreaterThanOrEqual(counted)
        counted = next
      }
      expect([piece, counted]).toEqual([piece, 24])
    }
  })

  it('are not seen in other data', () => {
    let state = 1
    const noise = Uint8Array.from({ length: 1_000_000 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state >>> 24
    })
    expect(createTileCounter(compression).count(noise)).toBe(0)
  })
})
