import { describe, expect, it } from 'vitest'
import type { ImageReader } from '../../src/contracts.js'
import type { Cover } from '../../src/image/cover.js'
import { resolveOverlay } from '../../src/image/overlay.js'
import { openReader } from '../../src/image/reader.js'
import { resolveRedactions } from '../../src/image/redaction.js'
import type { ProcessOptions } from '../../src/options.js'
import { prepareRequest } from '../../src/process.js'
import { parseRequest } from '../../src/protocol/request.js'
import { freely, makeImage } from '../../src/service/make.js'
import { resolveProcessOptions } from '../../src/service/settings.js'
import { saturation, secretPixels } from '../image/covered-files.js'
import { bytesSource, decode, fromPixels } from '../image/picture.js'
import { collect } from '../image/stored-files.js'

const size = { width: 1024, height: 768 }
const secret = { x: 256, y: 256, width: 128, height: 128 }
const picture = fromPixels(secretPixels(size, [secret], 'marker'))
const tiles = { tile: true, tileWidth: 128, tileHeight: 128, pyramid: true, compression: 'jpeg' } as const
const plain = await openReader(bytesSource(await picture.clone().jpeg().toBuffer()))
const pyramid = await openReader(
  bytesSource(
    await picture
      .clone()
      .tiff({ ...tiles, quality: 85 })
      .toBuffer(),
  ),
)

const redacted: Cover = { redactions: resolveRedactions([secret], size) }
const marked: Cover = { overlay: resolveOverlay({ kind: 'text', text: 'x', minWidth: 129 }) }

function ask(path: string, reader: ImageReader, cover?: Cover, options: ProcessOptions = {}) {
  const request = parseRequest(`/iiif/3/x/${path}`)
  if (request?.kind !== 'image') throw new Error(`no image request: ${path}`)
  const settings = resolveProcessOptions(options)
  const prepared = prepareRequest(request, reader.description, settings, cover)
  return { prepared, make: () => makeImage(prepared, reader, settings, { admit: freely, signal: undefined }) }
}

describe('a covered image', () => {
  it.each([
    ['full/max/0/default.jpg', plain, 'source', 'render', 'render'],
    ['full/1024,768/0/color.jpg', plain, 'source', 'render', 'render'],
    ['full/max/0/default.tif', pyramid, 'source', 'render', 'render'],
    ['full/max/0/default.jpg', pyramid, 'stored', 'render', 'render'],
    ['256,256,128,128/max/0/default.jpg', pyramid, 'stored', 'render', 'stored'],
    ['512,512,128,128/max/0/default.jpg', pyramid, 'stored', 'stored', 'stored'],
    ['512,512,256,256/128,128/0/default.jpg', pyramid, 'stored', 'stored', 'stored'],
    ['512,512,256,256/max/0/default.jpg', pyramid, 'stored', 'stored', 'render'],
    ['0,0,512,512/128,128/0/default.jpg', pyramid, 'stored', 'render', 'stored'],
  ] as const)('%s is made another way than one that is not', async (path, reader, open, hidden, overlaid) => {
    expect(ask(path, reader).prepared.way).toBe(open)
    expect(ask(path, reader, redacted).prepared.way).toBe(hidden)
    expect(ask(path, reader, marked).prepared.way).toBe(overlaid)
    const { body } = await ask(path, reader, redacted).make()
    expect(saturation(await decode(await collect(body)))).toBeLessThan(5)
  })

  it('has the same canonical form', () => {
    const path = '0,0,512,512/256,/!90/default.png'
    expect(ask(path, plain, redacted).prepared.canonical).toBe(ask(path, plain).prepared.canonical)
  })

  it('is bound by the limits, from which a source as it is stored is exempt', () => {
    const limits = { maxArea: 10_000 }
    const path = 'full/1024,768/0/default.jpg'
    expect(ask(path, plain, undefined, { limits }).prepared.way).toBe('source')
    for (const cover of [redacted, marked]) {
      expect(() => ask(path, plain, cover, { limits })).toThrow(expect.objectContaining({ status: 400 }))
    }
  })

  it('is covered also where a stored tile turns out to be unusable', async () => {
    const broken: ImageReader = { ...pyramid, stored: async () => undefined }
    const { prepared, make } = ask('512,512,128,128/max/0/default.jpg', broken, {
      ...redacted,
      overlay: resolveOverlay({ kind: 'text', text: 'x', minWidth: 129 }),
    })
    expect(prepared.way).toBe('stored')
    const result = await make()
    expect(result.way).toBe('render')
    expect(result.cover).toBe(prepared.cover)
    expect(saturation(await decode(await collect(result.body)))).toBeLessThan(5)
  })

  it('is none where there is nothing to cover it with', () => {
    expect(ask('full/max/0/default.jpg', plain).prepared).not.toHaveProperty('cover')
  })
})
