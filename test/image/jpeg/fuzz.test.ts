/* Damaged and hostile data: it ends, it fails with our own error or gives a stream that a strict decoder reads. */
import { expect, it } from 'vitest'
import { isIIIFError } from '../../../src/errors.js'
import { createJpegJoiner, type JoinPlan } from '../../../src/image/jpeg/join.js'
import { parseJpeg } from '../../../src/image/jpeg/markers.js'
import { spliceTables } from '../../../src/image/jpeg/splice.js'
import { createRandom, decodeCoefficients, encodeCoefficients, randomCoefficients } from './coefficients.js'
import { drawPicture, makePyramid, readLevels } from './tiff-tiles.js'

const joiner = createJpegJoiner()

/** Flips bits, sets bytes, cuts off, or doubles a part. */
function mutate(original: Uint8Array, random: () => number): Uint8Array {
  const at = Math.floor(random() * original.length)
  const kind = random()
  if (kind < 0.1) return original.slice(0, at)
  if (kind < 0.2) return Uint8Array.of(...original.slice(0, at), ...original.slice(at >> 1))
  const bytes = original.slice()
  for (let n = 1 + Math.floor(random() * 4); n > 0; n -= 1) {
    const place = Math.floor(random() * (random() < 0.5 ? bytes.length : Math.min(bytes.length, 700)))
    bytes[place] = random() < 0.3 ? 0xff : bytes[place]! ^ (1 << Math.floor(random() * 8))
  }
  return bytes
}

/** The result, or `undefined` where `work` has failed as it should. */
function attempt(work: () => Uint8Array): Uint8Array | undefined {
  try {
    return work()
  } catch (error) {
    if (!isIIIFError(error)) throw error
    expect(['source-damaged', 'source-unsupported']).toContain(error.code)
    return undefined
  }
}

function planFor(width: number, height: number, colour: JoinPlan['colour']): JoinPlan {
  return { tile: { width, height }, columns: 2, box: { x: 16, y: 0, width: 2 * width - 20, height }, colour }
}

function run(times: number, seed: number, join: (random: () => number) => Uint8Array): void {
  const random = createRandom(seed)
  let joined = 0
  for (let i = 0; i < times; i += 1) {
    const result = attempt(() => join(random))
    if (!result) continue
    joined += 1
    expect(parseJpeg(result).kind).toBe('baseline')
    decodeCoefficients(result)
  }
  // Both ways must have been taken, or nothing was tested.
  expect(joined).toBeGreaterThan(times / 100)
  expect(joined).toBeLessThan(times)
}

it.each([
  ['grey', 0],
  ['4:2:0', 0],
  ['4:2:0', 1],
  ['4:4:4', 3],
] as const)('3,500 mutated tiles, %s with restart interval %i', (sampling, restartInterval) => {
  const tile = encodeCoefficients(randomCoefficients(32, 32, sampling, 4), { restartInterval })
  const plan = planFor(32, 32, { photometric: sampling === 'grey' ? 'gray' : 'ycbcr' })
  run(3500, restartInterval, random => joiner.join([mutate(tile, random), mutate(tile, random)], plan))
  run(500, restartInterval, random => joiner.join([tile, mutate(tile, random)], plan))
})

it('4,000 mutated files of sharp', async () => {
  const file = Uint8Array.from(await drawPicture(32, 32, 3).jpeg({ quality: 80 }).toBuffer())
  const plan = planFor(32, 32, { photometric: 'ycbcr' })
  run(4000, 11, random => joiner.join([file, mutate(file, random)], plan))
})

it('3,000 mutated tables of a TIFF, with joined and with spliced tiles', async () => {
  const [level] = readLevels(await makePyramid(256, 128, 3, 40))
  const { tile, tiles, tables, colour, columns } = level!
  const box = { x: 0, y: 0, width: 16, height: 16 }
  let spliced = 0
  run(2000, 12, random => {
    const mutated = mutate(tables, random)
    if (attempt(() => spliceTables(tiles[0]!, mutated, colour))) spliced += 1
    return joiner.join(tiles, { tile, columns, box, colour, tables: mutated })
  })
  const random = createRandom(13)
  for (let i = 0; i < 1000; i += 1) attempt(() => spliceTables(mutate(tiles[1]!, random), tables, colour))
  expect(spliced).toBeGreaterThan(0)
})

it('a header that claims the largest size costs no more than its data', () => {
  const tile = encodeCoefficients(randomCoefficients(32, 32, 'grey', 2))
  const frame = tile.findIndex((byte, i) => byte === 0xff && tile[i + 1] === 0xc1)
  tile.set([0xff, 0xff, 0xff, 0xff], frame + 5)
  const box = { x: 0, y: 65000, width: 65535, height: 535 }
  const plan = {
    tile: { width: 65535, height: 65535 },
    columns: 1,
    box,
    colour: { photometric: 'gray' },
  } as const
  expect(() => joiner.join([tile], plan)).toThrow(expect.objectContaining({ code: 'source-damaged' }))
})
