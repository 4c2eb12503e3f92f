/* Files with random damage. FUZZ_FILES and FUZZ_SEED choose how many and which; every failure names its seed. */
import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ImageSource } from '../../../src/contracts.js'
import { isIIIFError } from '../../../src/errors.js'
import { decodeTile } from '../../../src/image/tiff/decode.js'
import type { TiffDirectory } from '../../../src/image/tiff/directory.js'
import { countTiles } from '../../../src/image/tiff/layout.js'
import { openTiff, readRange, type TiffFile } from '../../../src/image/tiff/open.js'
import { describeTiff, groupPages } from '../../../src/image/tiff/pyramid.js'
import { readTileBytes, readTileRange } from '../../../src/image/tiff/tile.js'
import { createPicture, createPixels } from './material.js'
import { ascii, bytes, imageFields, short, writeTiff } from './writer.js'

const files = Number(process.env.FUZZ_FILES ?? 5000)
const firstSeed = Number(process.env.FUZZ_SEED ?? 1)

/** Numbers from 0 up to `below`, the same ones for the same seed. */
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

async function createFiles(): Promise<Uint8Array[]> {
  const picture = createPicture(90, 70, 3)
  const tiled = { tile: true, tileWidth: 32, tileHeight: 32 }
  const written = await Promise.all([
    picture
      .clone()
      .tiff({ ...tiled, compression: 'jpeg', pyramid: true })
      .toBuffer(),
    picture
      .clone()
      .tiff({ ...tiled, compression: 'lzw', predictor: 'horizontal' })
      .toBuffer(),
    picture
      .clone()
      .tiff({ ...tiled, compression: 'deflate', bigtiff: true, pyramid: true })
      .toBuffer(),
    picture.clone().withIccProfile('p3').tiff({ compression: 'packbits' }).toBuffer(),
    picture.clone().toColourspace('rgb16').tiff({ compression: 'lzw' }).toBuffer(),
    picture.clone().threshold(99).toColourspace('b-w').tiff({ bitdepth: 1, compression: 'none' }).toBuffer(),
  ])
  const strip = createPixels(32, 32, 1)
  const sub = {
    fields: [...imageFields(16, 16), short(254, 1)],
    tiles: [strip.subarray(0, 256)],
    strips: true,
  }
  const texts = [ascii(270, 'Aperio melon'), bytes(700, strip.subarray(0, 90)), short(317, 2)]
  const page = {
    fields: [...imageFields(32, 32, { compression: 8 }), ...texts],
    tiles: [deflateSync(strip)],
    strips: true,
    subifds: [sub, sub],
  }
  for (const bigEndian of [false, true]) {
    for (const bigTiff of [false, true])
      written.push(Buffer.from(writeTiff([page, sub, page], { bigEndian, bigTiff })))
  }
  return written
}

const numbers = [0, 1, 2, 3, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

/** Where the first directory of a file is: damage there matters most. */
function findDirectory(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const little = file[0] === 0x49
  const big = view.getUint16(2, little) === 43
  return big ? Number(view.getBigUint64(8, little)) : view.getUint32(4, little)
}

/** Damages a copy of `file` in one to eight places. */
function damage(file: Uint8Array, random: (below: number) => number): Uint8Array {
  const copy = new Uint8Array(file)
  const view = new DataView(copy.buffer)
  const directory = findDirectory(file)
  const place = () =>
    random(3) > 0 ? Math.min(directory + random(400), copy.length - 9) : random(copy.length - 9)
  for (let times = 1 + random(8); times > 0; times -= 1) {
    const [at, value] = [place(), numbers[random(numbers.length)]!]
    const kind = random(6)
    if (kind === 0) copy[at] = random(256)
    else if (kind === 1) copy[at]! ^= 1 << random(8)
    else if (kind === 2) view.setUint16(at, value & 0xffff, random(2) === 0)
    else if (kind === 3) view.setUint32(at, random(2) === 0 ? value : random(copy.length), random(2) === 0)
    else if (kind === 4) copy.copyWithin(at, place(), place())
    else view.setBigUint64(at, BigInt(value) << BigInt(random(33)), random(2) === 0)
  }
  return random(10) === 0 ? copy.subarray(0, random(copy.length)) : copy
}

interface Measured extends ImageSource {
  reads: number
  bytes: number
  longest: number
}

/** A source that may not know its length, or claim a terabyte of which it cannot give much. */
function createMeasured(file: Uint8Array, kind: number): Measured {
  const size = [file.length, undefined, 2 ** 40][kind]
  return {
    version: '1',
    ...(size !== undefined && { size }),
    reads: 0,
    bytes: 0,
    longest: 0,
    async read(offset, length) {
      this.reads += 1
      this.bytes += length
      this.longest = Math.max(this.longest, length)
      if (kind !== 2 || length > 2 ** 20) return file.subarray(offset, offset + length)
      const filled = new Uint8Array(length)
      filled.set(file.subarray(offset, offset + length))
      return filled
    },
  }
}

async function exerciseDirectory(
  file: TiffFile,
  directory: TiffDirectory,
  random: (below: number) => number,
) {
  const count = countTiles(directory.layout)
  for (const index of [0, count - 1, random(count)]) {
    const stored = await readTileBytes(file, directory, index)
    const decoded = stored && (await decodeTile(stored, directory, index))
    if (decoded?.kind !== 'samples') continue
    expect(decoded.data.length).toBe((decoded.width * decoded.height * decoded.channels * decoded.depth) / 8)
  }
  await readTileRange(file, directory, [0, random(count), random(count), count - 1])
  for (const range of [directory.jpegTables, directory.iccProfile, directory.xmp, directory.iptc]) {
    if (range) await readRange(file, range)
  }
}

/** Lets errors of this library pass: they are the answer to damage. */
async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!isIIIFError(error)) throw error
    return false
  }
}

describe('a damaged file', () => {
  it(`gives facts or an error with a code, and costs little: ${files} files`, {
    timeout: 3_600_000,
  }, async () => {
    const originals = await createFiles()
    const outcome = { opened: 0, refused: 0, slowest: 0, slowestSeed: 0, longest: 0 }
    for (let seed = firstSeed; seed < firstSeed + files; seed += 1) {
      const random = createRandom(seed)
      const source = createMeasured(damage(originals[random(originals.length)]!, random), random(3))
      const began = performance.now()
      const opened = await attempt(async () => {
        const file = await openTiff(source)
        const pages = groupPages(file)
        for (let page = 0; page < Math.min(pages.length, 4); page += 1) describeTiff(file, page)
        for (const directory of file.directories.slice(0, 8).flatMap(one => [one, ...one.subdirectories])) {
          await attempt(() => exerciseDirectory(file, directory, random))
        }
      }).catch(error => {
        throw new Error(`seed ${seed}`, { cause: error })
      })
      outcome[opened ? 'opened' : 'refused'] += 1
      const took = performance.now() - began
      if (took > outcome.slowest) Object.assign(outcome, { slowest: took, slowestSeed: seed })
      outcome.longest = Math.max(outcome.longest, source.longest)
      expect(source.reads, `reads of seed ${seed}`).toBeLessThan(6000)
      expect(source.longest, `longest read of seed ${seed}`).toBeLessThanOrEqual(256 * 2 ** 20)
    }
    if (process.env.FUZZ_REPORT)
      process.stdout.write(`${JSON.stringify({ ...outcome, memory: process.memoryUsage() })}\n`)
    expect(outcome.opened).toBeGreaterThanOrEqual(Math.floor(files / 20))
    expect(outcome.refused).toBeGreaterThanOrEqual(Math.floor(files / 20))
  })
})
