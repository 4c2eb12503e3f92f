/* Images with names that are hard on paths, and sources that misbehave on purpose. */
import type { EventEmitter } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import type { ImageSource, SourceResolver } from '../../src/contracts.js'
import { bytesSource } from '../../src/source/bytes.js'

/** Identifiers as they are sent, and the names of the files that they stand for. */
export const names: readonly (readonly [sent: string, file: string])[] = [
  ['plain.png', 'plain.png'],
  ['a%2Fb.png', 'a/b.png'],
  ['50%25.png', '50%.png'],
  ['%252F.png', '%2F.png'],
  ['what%3F.png', 'what?.png'],
  ['no%231.png', 'no#1.png'],
  ['two%20words.png', 'two words.png'],
  ['a+b.png', 'a+b.png'],
  ['%C3%BC.png', 'ü.png'],
  ['%c3%bc.png', 'ü.png'],
  ['x;y.png', 'x;y.png'],
  ['x%3By.png', 'x;y.png'],
  ['ark:b.png', 'ark:b.png'],
  ['ark%3Ab.png', 'ark:b.png'],
  ['e%40f.png', 'e@f.png'],
]

/** The colour of the picture of a name: another for each. */
export function colourOf(file: string): [red: number, green: number, blue: number] {
  const index = names.findIndex(([, name]) => name === file)
  return [10 + 16 * index, 250 - 16 * index, 99]
}

/** The words in the errors of sources that no client may see. */
export const secret = '/etc/secret'

/** A picture of noise: no encoder makes it small, so that its bytes come in several chunks. */
const noise = { width: 400, height: 300, channels: 3 } as const

/** Writes all pictures into a folder. */
export async function writePictures(folder: string): Promise<void> {
  for (const [, file] of names) {
    const [r, g, b] = colourOf(file)
    const path = join(folder, file)
    await mkdir(dirname(path), { recursive: true })
    await sharp({ create: { width: 40, height: 30, channels: 3, background: { r, g, b } } })
      .png()
      .toFile(path)
  }
  await writeFile(join(folder, 'noise.png'), await makeNoise())
}

/** Makes the picture of noise as PNG, always the same. */
export async function makeNoise(): Promise<Uint8Array> {
  const pixels = new Uint8Array(noise.width * noise.height * noise.channels)
  let state = 1
  for (let i = 0; i < pixels.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    pixels[i] = state >>> 24
  }
  return sharp(pixels, { raw: noise }).png().toBuffer()
}

/**
 * Creates a resolver of sources that fail.
 *
 * @param events is told `asked` with the signal of a request that hangs, and `closed` when an endless stream was closed
 */
export function failingSource(bytes: Uint8Array, events: EventEmitter): SourceResolver {
  const { size, ...sizeless } = bytesSource(bytes, { version: 'failing' })
  const sources: Readonly<Record<string, ImageSource>> = {
    'breaks.png': { ...sizeless, size: bytes.length, stream: () => breakOff(bytes) },
    'breaks-sizeless.png': { ...sizeless, stream: () => breakOff(bytes) },
    'breaks-at-once.png': { ...sizeless, stream: () => breakOff(new Uint8Array()) },
    'endless.png': { ...sizeless, stream: () => repeat(events) },
  }
  return (identifier, { signal }) => {
    if (identifier === 'throws.png') throw new TypeError(`cannot read ${secret}`)
    if (identifier !== 'hangs.png') return sources[identifier]
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(new Error(secret)))
      events.emit('asked', signal)
    })
  }
}

async function* breakOff(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes.subarray(0, bytes.length / 2)
  throw new Error(`${secret} was taken away`)
}

async function* repeat(events: EventEmitter): AsyncGenerator<Uint8Array> {
  try {
    for (;;) yield new Uint8Array(65_536)
  } finally {
    events.emit('closed')
  }
}
