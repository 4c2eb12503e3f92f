/* Small ICC profiles with known effect: three primaries or none, one gamma (ICC.1:2001-04). */

/** What a profile says. */
export interface ProfileOptions {
  /** The name. */
  readonly name?: string
  /** The exponent of all curves, or the curve of sRGB. @defaultValue 1.8 */
  readonly gamma?: number | 'srgb'
  /** The number of channels. @defaultValue 3 */
  readonly channels?: 1 | 3
  /** The primaries: those of ProPhoto or of sRGB. @defaultValue 'wide' */
  readonly gamut?: 'wide' | 'srgb'
  /** Bytes without meaning in a private tag. @defaultValue 0 */
  readonly ballast?: number
}

type Xyz = readonly [number, number, number]

const primaries: Readonly<Record<'wide' | 'srgb', readonly [Xyz, Xyz, Xyz]>> = {
  wide: [
    [0.7977, 0.288, 0],
    [0.1352, 0.7119, 0],
    [0.0313, 0.0001, 0.8249],
  ],
  srgb: [
    [0.4361, 0.2225, 0.0139],
    [0.3851, 0.7169, 0.0971],
    [0.1431, 0.0606, 0.7142],
  ],
}

function tag(signature: string, length: number, fill: (data: Buffer) => void): Buffer {
  const data = Buffer.alloc(8 + length)
  data.write(signature, 0, 'latin1')
  fill(data)
  return data
}

function xyz(...values: number[]): Buffer {
  return tag('XYZ ', 12, data => {
    for (const [i, value] of values.entries()) data.writeInt32BE(Math.round(value * 65536), 8 + 4 * i)
  })
}

const samples = 1024

/** IEC 61966-2-1: straight in the dark, then a power. */
function toLight(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

function curve(gamma: number | 'srgb'): Buffer {
  if (gamma === 'srgb') {
    return tag('curv', 4 + 2 * samples, data => {
      data.writeUInt32BE(samples, 8)
      for (let i = 0; i < samples; i += 1) {
        data.writeUInt16BE(Math.round(toLight(i / (samples - 1)) * 65_535), 12 + 2 * i)
      }
    })
  }
  return tag('curv', 6, data => {
    data.writeUInt32BE(1, 8)
    data.writeUInt16BE(Math.round(gamma * 256), 12)
  })
}

function description(text: string): Buffer {
  return tag('desc', 4 + text.length + 1 + 8 + 3 + 67, data => {
    data.writeUInt32BE(text.length + 1, 8)
    data.write(text, 12, 'latin1')
  })
}

/** Makes a profile; by default one with the primaries of ProPhoto and a gamma of 1.8: far from sRGB. */
export function makeProfile(options: ProfileOptions = {}): Buffer {
  const { name = 'Test', gamma = 1.8, channels = 3, ballast = 0, gamut = 'wide' } = options
  const colours: [string, Buffer][] =
    channels === 1
      ? [['kTRC', curve(gamma)]]
      : [
          ['rXYZ', xyz(...primaries[gamut][0])],
          ['gXYZ', xyz(...primaries[gamut][1])],
          ['bXYZ', xyz(...primaries[gamut][2])],
          ['rTRC', curve(gamma)],
          ['gTRC', curve(gamma)],
          ['bTRC', curve(gamma)],
        ]
  const tags: [string, Buffer][] = [
    ['desc', description(name)],
    ['cprt', tag('text', 8, data => data.write('none', 8, 'latin1'))],
    ['wtpt', xyz(0.9642, 1, 0.8249)],
    ...colours,
    ...(ballast > 0 ? [['test', tag('data', ballast, () => {})] as [string, Buffer]] : []),
  ]
  const head = Buffer.alloc(128 + 4 + 12 * tags.length)
  head.writeUInt32BE(0x02400000, 8)
  head.write('mntr', 12, 'latin1')
  head.write(channels === 1 ? 'GRAY' : 'RGB ', 16, 'latin1')
  head.write('XYZ ', 20, 'latin1')
  head.write('acsp', 36, 'latin1')
  for (const [i, value] of [0.9642, 1, 0.8249].entries()) {
    head.writeInt32BE(Math.round(value * 65536), 68 + 4 * i)
  }
  head.writeUInt32BE(tags.length, 128)
  const parts = [head]
  let at = head.length
  for (const [i, [name_, data]] of tags.entries()) {
    const padded = Buffer.alloc(Math.ceil(data.length / 4) * 4)
    data.copy(padded)
    head.write(name_, 132 + 12 * i, 'latin1')
    head.writeUInt32BE(at, 136 + 12 * i)
    head.writeUInt32BE(data.length, 140 + 12 * i)
    parts.push(padded)
    at += padded.length
  }
  head.writeUInt32BE(at, 0)
  return Buffer.concat(parts)
}
