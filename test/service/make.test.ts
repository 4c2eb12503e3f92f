import { describe, expect, it } from 'vitest'
import type { ImageReader } from '../../src/contracts.js'
import { OverloadedError } from '../../src/errors.js'
import type { Cost } from '../../src/image/cost.js'
import { type ImageResult, prepareRequest } from '../../src/process.js'
import { parseRequest } from '../../src/protocol/request.js'
import { type Admit, freely, makeImage, releaseAfter } from '../../src/service/make.js'
import { resolveProcessOptions } from '../../src/service/settings.js'

const settings = resolveProcessOptions({})
const tile = { width: 256, height: 256 }

/** A reader of a large image, whose stored tiles come in pieces; and what became of them. */
function createReader(pieces: number): {
  readonly reader: ImageReader
  readonly fate: { given: number; ended: number }
} {
  const fate = { given: 0, ended: 0 }
  const coding = { format: 'jpg', grid: { width: 16, height: 16 } } as const
  const reader: ImageReader = {
    description: {
      width: 4096,
      height: 4096,
      format: 'tif',
      pages: 1,
      levels: [{ width: 4096, height: 4096, scaleFactor: 1, tile, coding }],
      bands: 3,
      depth: 8,
      hasAlpha: false,
      colour: 'rgb',
      orientation: 1,
      hasProfile: false,
    },
    stored: async () => ({
      [Symbol.asyncIterator]: () => ({
        async next() {
          fate.given += 1
          return fate.given > pieces
            ? { done: true, value: undefined }
            : { done: false, value: Uint8Array.of(fate.given) }
        },
        async return() {
          fate.ended += 1
          return { done: true, value: undefined }
        },
      }),
    }),
    pixels: async () => {
      throw new Error('nobody needs pixels here')
    },
    async close() {},
  }
  return { reader, fate }
}

function prepare(reader: ImageReader, path: string) {
  const request = parseRequest(`/iiif/3/x/${path}`)
  if (request?.kind !== 'image') throw new Error('no image request')
  return prepareRequest(request, reader.description, settings)
}

/** Admits, and writes down what it was asked for. */
function createAdmit(refuseFrom = Infinity) {
  const asked: { readonly cost: Cost; readonly resumes: boolean }[] = []
  let held = 0
  const admit: Admit = async (cost, resumes = false) => {
    asked.push({ cost, resumes })
    if (asked.length > refuseFrom) throw new OverloadedError('busy', 1)
    held += 1
    let isHeld = true
    const release = (): void => {
      if (isHeld) held -= 1
      isHeld = false
    }
    return { finish: release, release }
  }
  return { admit, asked, countHeld: () => held }
}

describe('an image that is joined piece by piece', () => {
  it('takes its turn for each piece, and holds no place between them', async () => {
    const { reader } = createReader(3)
    const { admit, asked, countHeld } = createAdmit()
    const { body } = await makeImage(prepare(reader, 'full/max/0/default.jpg'), reader, settings, {
      admit,
      signal: undefined,
    })
    expect(countHeld()).toBe(0)
    const pieces: number[] = []
    for await (const [piece] of body as AsyncIterable<Uint8Array>) {
      expect(countHeld()).toBe(0)
      pieces.push(piece!)
    }
    expect(pieces).toEqual([1, 2, 3])
    // Leave to begin, for three pieces, and for the end.
    expect(asked.map(({ resumes }) => resumes)).toEqual([false, true, true, true, true])
    expect(countHeld()).toBe(0)
  })

  it('whose turn does not come is ended where it comes from: nobody asks for more after an error', async () => {
    const { reader, fate } = createReader(3)
    const { admit, countHeld } = createAdmit(2)
    const { body } = await makeImage(prepare(reader, 'full/max/0/default.jpg'), reader, settings, {
      admit,
      signal: undefined,
    })
    const read = async (): Promise<void> => {
      for await (const _ of body as AsyncIterable<Uint8Array>);
    }
    await expect(read()).rejects.toThrow('busy')
    expect([fate.given, fate.ended, countHeld()]).toEqual([1, 1, 0])
  })
})

describe('a reader that is lent for an image', () => {
  const result: Omit<ImageResult, 'body'> = {
    ...prepare(createReader(1).reader, 'full/max/0/default.jpg'),
    mediaType: 'image/jpeg',
  }

  async function* stream(error?: Error): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(1)
    if (error) throw error
    yield Uint8Array.of(2)
  }

  async function make(made: () => ImageResult | Promise<ImageResult>) {
    let released = 0
    const making = releaseAfter(
      () => {
        released += 1
      },
      async () => made(),
    )
    return { making, countReleased: () => released }
  }

  it('is given back with bytes, or with an error', async () => {
    const bytes = await make(() => ({ ...result, body: new Uint8Array(1) }))
    await bytes.making
    expect(bytes.countReleased()).toBe(1)
    const failing = await make(() => {
      throw new Error('damaged')
    })
    await expect(failing.making).rejects.toThrow('damaged')
    expect(failing.countReleased()).toBe(1)
  })

  it.each<[title: string, read: (body: AsyncIterable<Uint8Array>) => Promise<void>, error?: Error]>([
    [
      'was read to its end',
      async body => {
        for await (const _ of body);
      },
    ],
    [
      'was given up in the middle',
      async body => {
        for await (const _ of body) break
      },
    ],
    [
      'was given up before it began',
      async body => {
        await body[Symbol.asyncIterator]().return?.()
      },
    ],
    [
      'broke off',
      async body => {
        const read = async (): Promise<void> => {
          for await (const _ of body);
        }
        await expect(read()).rejects.toThrow('damaged')
      },
      new Error('damaged'),
    ],
  ])('is given back when a stream %s', async (_, read, error) => {
    const { making, countReleased } = await make(() => ({ ...result, body: stream(error) }))
    const { body } = await making
    expect(countReleased()).toBe(0)
    await read(body as AsyncIterable<Uint8Array>)
    expect(countReleased()).toBe(1)
  })

  it('is given back also where a stream cannot be ended', async () => {
    const stubborn: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: Uint8Array.of(1) }),
        return: async () => {
          throw new Error('cannot be ended')
        },
      }),
    }
    const { making, countReleased } = await make(() => ({ ...result, body: stubborn }))
    const { body } = await making
    const chunks = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    await expect(chunks.return?.()).rejects.toThrow('cannot be ended')
    expect(countReleased()).toBe(1)
  })
})

it('programs without a service are let do everything', async () => {
  const permit = await freely({ pixels: 1e12, bytes: 1e12 })
  permit.finish(1)
  permit.release()
})
