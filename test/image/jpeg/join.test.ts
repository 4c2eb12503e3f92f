import { describe, expect, it } from 'vitest'
import { isIIIFError } from '../../../src/errors.js'
import { createJpegJoiner, type JoinPlan } from '../../../src/image/jpeg/join.js'
import { parseJpeg } from '../../../src/image/jpeg/markers.js'
import {
  type Coefficients,
  cutCoefficients,
  decodeCoefficients,
  type EncodeOptions,
  encodeCoefficients,
  mcuOf,
  randomCoefficients,
  type Sampling,
  samplings,
} from './coefficients.js'

const joiner = createJpegJoiner()

function colourOf(sampling: Sampling): JoinPlan['colour'] {
  return { photometric: sampling === 'grey' ? 'gray' : 'ycbcr' }
}

interface Level {
  whole: Coefficients
  tiles: Uint8Array[]
  plan: Omit<JoinPlan, 'box'>
}

/** A level of `columns` by `rows` tiles of 32 by 32 pixels; `optionsOf` says how each tile is coded. */
function makeLevel(
  sampling: Sampling,
  columns: number,
  rows: number,
  optionsOf: (index: number) => EncodeOptions = () => ({}),
): Level {
  const whole = randomCoefficients(32 * columns, 32 * rows, sampling, columns * 100 + rows)
  const tiles = Array.from({ length: columns * rows }, (_, i) => {
    const tile = cutCoefficients(whole, (i % columns) * 32, Math.floor(i / columns) * 32, 32, 32)
    return encodeCoefficients(tile, optionsOf(i))
  })
  return { whole, tiles, plan: { tile: { width: 32, height: 32 }, columns, colour: colourOf(sampling) } }
}

const names = Object.keys(samplings) as Sampling[]

describe('the coder of the tests', () => {
  it.each(names)('decodes what it has encoded, %s', sampling => {
    const image = randomCoefficients(70, 50, sampling, 5)
    expect(decodeCoefficients(encodeCoefficients(image))).toEqual(image)
  })
})

describe.each(names)('tiles with sampling %s', sampling => {
  const mcu = mcuOf(sampling)

  it('are joined to the coefficients of the whole', () => {
    const { whole, tiles, plan } = makeLevel(sampling, 3, 2)
    const joined = joiner.join(tiles, { ...plan, box: { x: 0, y: 0, width: 96, height: 64 } })
    expect(decodeCoefficients(joined)).toEqual(whole)
  })

  it('are cut at the left and the top on the MCU grid, at the right and the bottom anywhere', () => {
    const { whole, tiles, plan } = makeLevel(sampling, 3, 3)
    const { width, height } = mcu
    for (const box of [
      { x: width % 32, y: height, width: 41, height: 33 },
      { x: 0, y: height, width: 96, height: 1 + 64 },
      { x: width % 32, y: 0, width: 64, height: 95 },
    ]) {
      const rows = Math.ceil((box.y + box.height) / 32)
      const joined = joiner.join(tiles.slice(0, 3 * rows), { ...plan, box })
      expect(decodeCoefficients(joined)).toEqual(cutCoefficients(whole, box.x, box.y, box.width, box.height))
    }
  })

  it.each([1, 2, 3, 5, 7, 64])('may have restart markers every %i MCUs', restartInterval => {
    const { whole, tiles, plan } = makeLevel(sampling, 2, 2, () => ({ restartInterval }))
    const box = { x: 0, y: mcu.height, width: 64, height: 64 - mcu.height }
    const joined = joiner.join(tiles, { ...plan, box })
    expect(decodeCoefficients(joined)).toEqual(cutCoefficients(whole, 0, mcu.height, 64, box.height))
    expect(parseJpeg(joined)).toMatchObject({ restartInterval: 0 })
  })

  it('keep their own complete Huffman tables', () => {
    const { whole, tiles, plan } = makeLevel(sampling, 2, 2, () => ({ tables: 'shuffled' }))
    const joined = joiner.join(tiles, { ...plan, box: { x: 0, y: 0, width: 64, height: 64 } })
    expect(decodeCoefficients(joined)).toEqual(whole)
    const [tile, result] = [parseJpeg(tiles[0]!), parseJpeg(joined)]
    if (tile.kind !== 'baseline' || result.kind !== 'baseline') throw new Error('not baseline')
    expect(result.components.map(({ dc, ac }) => [dc, ac])).toEqual(
      tile.components.map(({ dc, ac }) => [dc, ac]),
    )
  })

  it('may each have tables of their own, with just the symbols that they need', () => {
    const kinds = ['fitted', 'standard', 'shuffled'] as const
    for (const shift of [0, 1, 2]) {
      const { whole, tiles, plan } = makeLevel(sampling, 3, 2, i => ({
        tables: kinds[(i + shift) % 3]!,
        restartInterval: i % 4,
      }))
      const joined = joiner.join(tiles, { ...plan, box: { x: 0, y: 0, width: 96, height: 64 } })
      expect(decodeCoefficients(joined)).toEqual(whole)
    }
  })

  it('give the same bytes when they are added row by row', () => {
    const { tiles, plan } = makeLevel(sampling, 3, 4)
    const whole = { ...plan, box: { x: 0, y: mcu.height, width: 90, height: 90 } }
    const joined = joiner.join(tiles, whole)
    const rows = joiner.begin(whole)
    const parts = [0, 3, 6, 9].map(at => rows.addRow(tiles.slice(at, at + 3)))
    expect(Buffer.concat(parts).equals(joined)).toBe(true)
    expect(parts.every(part => part.length > 0)).toBe(true)
  })

  it('can be cut out of a joined image again', () => {
    const { whole, tiles, plan } = makeLevel(sampling, 2, 2)
    const joined = joiner.join(tiles, { ...plan, box: { x: 0, y: 0, width: 64, height: 64 } })
    const cut = joiner.join([joined], {
      ...plan,
      columns: 1,
      tile: { width: 64, height: 64 },
      box: { x: 32, y: 32, width: 32, height: 32 },
    })
    expect(decodeCoefficients(cut)).toEqual(cutCoefficients(whole, 32, 32, 32, 32))
  })
})

describe('predictions and sizes', () => {
  it('are kept over a long row', () => {
    const { whole, tiles, plan } = makeLevel('4:2:0', 60, 1)
    const joined = joiner.join(tiles, { ...plan, box: { x: 0, y: 0, width: 1920, height: 32 } })
    expect(decodeCoefficients(joined)).toEqual(whole)
  })

  it('of one component do not depend on its sampling factors', () => {
    const whole = randomCoefficients(32, 32, 'grey', 3)
    const tile = encodeCoefficients(whole)
    const frame = tile.findIndex((byte, i) => byte === 0xff && tile[i + 1] === 0xc1)
    tile[frame + 11] = 0x22
    const joined = joiner.join([tile], {
      tile: { width: 32, height: 32 },
      columns: 1,
      colour: { photometric: 'gray' },
      box: { x: 8, y: 8, width: 20, height: 24 },
    })
    expect(decodeCoefficients(joined)).toEqual(cutCoefficients(whole, 8, 8, 20, 24))
  })
})

describe('what cannot be joined is refused with the code', () => {
  const { tiles, plan } = makeLevel('4:2:0', 2, 1)
  const [left, right] = tiles as [Uint8Array, Uint8Array]
  const box = { x: 0, y: 0, width: 64, height: 32 }
  const whole = randomCoefficients(32, 32, '4:2:0', 9)
  const fine = encodeCoefficients(randomCoefficients(32, 32, '4:4:4', 9))

  const refused: [string, string, Uint8Array[], JoinPlan][] = [
    [
      'source-unsupported',
      'a box off the MCU grid',
      [left, right],
      { ...plan, box: { ...box, x: 8, width: 50 } },
    ],
    [
      'source-unsupported',
      'a box wider than the tiles',
      [left, right],
      { ...plan, box: { ...box, width: 65 } },
    ],
    ['source-unsupported', 'a box without pixels', [left, right], { ...plan, box: { ...box, width: 0 } }],
    ['source-unsupported', 'too few tiles', [left], { ...plan, box }],
    ['source-unsupported', 'another sampling', [left, fine], { ...plan, box }],
    [
      'source-unsupported',
      'another quantisation',
      [left, encodeCoefficients(whole, { quantisation: 2 })],
      { ...plan, box },
    ],
    [
      'source-unsupported',
      'another size than the container says',
      [left, right],
      { ...plan, tile: { width: 48, height: 48 }, box },
    ],
    [
      'source-unsupported',
      'components that the colour has not',
      [left, right],
      { ...plan, box, colour: { photometric: 'gray' } },
    ],
    ['source-damaged', 'no JPEG at all', [left, new Uint8Array(40)], { ...plan, box }],
    ['source-damaged', 'a tile cut short', [left, right.subarray(0, right.length - 40)], { ...plan, box }],
  ]

  it.each(refused)('%s: %s', (code, _, given, whole) => {
    try {
      joiner.join(given, whole)
      expect.unreachable()
    } catch (error) {
      if (!isIIIFError(error)) throw error
      expect([error.status, error.code]).toEqual([500, code])
    }
  })

  it('source-damaged: restart markers missing or out of order', () => {
    const tile = encodeCoefficients(whole, { restartInterval: 1 })
    const one = { ...plan, columns: 1, box: { x: 0, y: 0, width: 32, height: 32 } }
    expect(decodeCoefficients(joiner.join([tile], one))).toEqual(whole)
    const last = tile.findLastIndex((byte, i) => byte === 0xff && (tile[i + 1]! & 0xf8) === 0xd0)
    const wrong = tile.slice()
    wrong[last + 1]! ^= 1
    const missing = Uint8Array.of(...tile.slice(0, last), ...tile.slice(last + 2))
    for (const bad of [wrong, missing]) {
      expect(() => joiner.join([bad], one)).toThrow(expect.objectContaining({ code: 'source-damaged' }))
    }
  })
})

describe('data that ends too early is refused', () => {
  const plan = {
    tile: { width: 32, height: 32 },
    columns: 1,
    box: { x: 0, y: 0, width: 32, height: 32 },
    colour: { photometric: 'gray' },
  } as const

  it.each(['standard', 'fitted'] as const)('by one byte or by more, with %s tables', tables => {
    for (let seed = 1; seed < 40; seed += 1) {
      const tile = encodeCoefficients(randomCoefficients(32, 32, 'grey', seed), { tables })
      for (let missing = 1; missing < 12; missing += 1) {
        const short = Uint8Array.of(...tile.subarray(0, tile.length - 2 - missing), 0xff, 0xd9)
        expect(() => createJpegJoiner().join([short], plan)).toThrow(
          /ends too early|should not|unknown|coefficients/,
        )
      }
    }
  })

  it('within a block of the longest codes, without reading beyond the memory', () => {
    const block = Array.from({ length: 64 }, () => 1023)
    const tile = encodeCoefficients({
      width: 8,
      height: 8,
      planes: [{ h: 1, v: 1, across: 1, down: 1, blocks: [block] }],
    })
    const one = { ...plan, tile: { width: 8, height: 8 }, box: { x: 0, y: 0, width: 8, height: 8 } }
    expect(decodeCoefficients(createJpegJoiner().join([tile], one)).planes[0]!.blocks).toEqual([block])
    const start = tile.findIndex((byte, i) => byte === 0xff && tile[i + 1] === 0xda) + 10
    for (let end = start; end < tile.length - 2; end += 1) {
      const short = Uint8Array.of(...tile.subarray(0, end), 0xff, 0xd9)
      expect(() => createJpegJoiner().join([short], one)).toThrow(
        expect.objectContaining({ code: 'source-damaged' }),
      )
    }
  })
})

it.each(['standard', 'fitted'] as const)('codes that are not in the table are refused (%s)', tables => {
  const tile = encodeCoefficients(randomCoefficients(32, 32, 'grey', 1), { tables })
  const start = tile.findIndex((byte, i) => byte === 0xff && tile[i + 1] === 0xda) + 10
  // 0xFF 0x00 is eight ones: the code that is never given out.
  for (let at = start; at < tile.length - 3; at += 2) tile.set([0xff, 0x00], at)
  const plan = { tile: { width: 32, height: 32 }, columns: 1, box: { x: 0, y: 0, width: 32, height: 32 } }
  expect(() => joiner.join([tile], { ...plan, colour: { photometric: 'gray' } })).toThrow(
    expect.objectContaining({ code: 'source-damaged' }),
  )
})

it('a DC code that is not in the table is refused, also where it would be an AC code', () => {
  const block = new Array<number>(64).fill(0).with(1, 1)
  const tile = encodeCoefficients(
    { width: 8, height: 8, planes: [{ h: 1, v: 1, across: 1, down: 1, blocks: [block] }] },
    { tables: 'fitted' },
  )
  // The DC table has the code 0, the AC table the codes 0 and 1, all of eight bits.
  tile.set([1, 0, 0, 0], tile.length - 6)
  const size = { width: 8, height: 8 }
  const plan = {
    tile: size,
    columns: 1,
    box: { x: 0, y: 0, ...size },
    colour: { photometric: 'gray' },
  } as const
  expect(() => joiner.join([tile], plan)).toThrow(/unknown/)
})

it('a joiner does not hold on to the memory of the tiles', () => {
  const whole = randomCoefficients(32, 32, 'grey', 1)
  const plan = {
    tile: { width: 32, height: 32 },
    columns: 1,
    box: { x: 0, y: 0, width: 32, height: 32 },
    colour: { photometric: 'gray' },
  } as const
  const fresh = createJpegJoiner()
  const memory = Buffer.alloc(10_000)
  for (const tables of ['standard', 'shuffled', 'standard'] as const) {
    memory.set(encodeCoefficients(whole, { tables }))
    expect(decodeCoefficients(fresh.join([memory], plan))).toEqual(whole)
    memory.fill(0)
  }
})

it('joins may be made while another one is given its rows', () => {
  const { whole, tiles, plan } = makeLevel('4:2:0', 2, 3)
  const joint = { ...plan, box: { x: 0, y: 0, width: 64, height: 96 } }
  const rows = joiner.begin(joint)
  const parts = [0, 2, 4].map(at => {
    joiner.join(tiles, joint)
    return rows.addRow(tiles.slice(at, at + 2))
  })
  expect(decodeCoefficients(Buffer.concat(parts))).toEqual(whole)
  expect(() => rows.addRow(tiles.slice(0, 2))).toThrow(/more rows/)
})

it('a joiner works on after a failure', () => {
  const { whole, tiles, plan } = makeLevel('4:4:4', 2, 1)
  const joint = { ...plan, box: { x: 0, y: 0, width: 64, height: 32 } }
  expect(() => joiner.join([tiles[0]!, tiles[1]!.subarray(0, 700)], joint)).toThrow()
  expect(decodeCoefficients(joiner.join(tiles, joint))).toEqual(whole)
})
