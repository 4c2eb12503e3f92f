/* Sources that are not what they should be. Each is answered with a clear refusal, the process lives on, and its memory
   stays within a bound. */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { cells, decode, expectView, pixelAt } from './pictures.js'
import { createFolder, fetchImage, type Reply, type Server, startServer, whole } from './server.js'

const formats = ['jpg', 'png', 'webp', 'gif', 'avif', 'tif'] as const
type SourceFormat = (typeof formats)[number]

let folder: string
let server: Server
let drawing: Server

beforeAll(async () => {
  folder = await createFolder('photo.jpg')
  server = await startServer(folder)
  drawing = await startServer(folder, { read: { svg: true } })
})

async function encode(format: SourceFormat): Promise<Buffer> {
  const picture = cells({ width: 300, height: 200 })
  // Noise cannot be packed: most of the file is samples, and a cut goes through them.
  const noisy = sharp(await picture.raw().toBuffer(), {
    raw: { width: 300, height: 200, channels: 3 },
  }).composite([
    { input: noise(300 * 200), raw: { width: 300, height: 200, channels: 1 }, blend: 'soft-light' },
  ])
  switch (format) {
    case 'jpg':
      return noisy.jpeg().toBuffer()
    case 'avif':
      return noisy.avif({ effort: 0 }).toBuffer()
    case 'tif':
      return noisy.tiff({ compression: 'lzw' }).toBuffer()
    default:
      return noisy.toFormat(format).toBuffer()
  }
}

function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = 1
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

const put = (name: string, bytes: Uint8Array | string) => writeFile(join(folder, name), bytes)

/** A refusal in words for the client: a sentence, no stack, no path, no words of a decoder. */
function expectRefusal(reply: Reply): void {
  expect(reply.status).toBeGreaterThanOrEqual(400)
  expect(reply.status).toBeLessThan(600)
  const text = reply.body.toString()
  expect(text).toMatch(/[A-Z][^\n]{10,}\./)
  expect(text).not.toMatch(/honeydew-|node_modules|\.ts:|vips|libspng|\bat \S+ \(/i)
  expect(text.length).toBeLessThan(1000)
}

async function expectAlive(at: Server): Promise<void> {
  const size = { width: 150, height: 100 }
  await expectView(await fetchImage(at, '/iiif/3/photo.jpg/full/150,/0/default.png'), {
    picture: { width: 300, height: 200 },
    size,
  })
}

describe.each(formats)('a damaged %s', format => {
  test.each([0.02, 0.3, 0.6, 0.9])(
    'that is cut at %d is refused, as image and wherever its head is gone',
    async part => {
      const bytes = await encode(format)
      await put(`cut-${part}.${format}`, bytes.subarray(0, Math.floor(bytes.length * part)))
      for (const version of [2, 3] as const) {
        const base = `/iiif/${version}/cut-${part}.${format}`
        for (const parameters of [
          'full/150,/0/default.jpg',
          `full/${whole[version]}/90/default.png`,
          'full/299,/0/gray.webp',
        ]) {
          expectRefusal(await server.ask(`${base}/${parameters}`))
        }
        const info = await server.ask(`${base}/info.json`)
        if (info.status !== 200) expectRefusal(info)
      }
      await expectAlive(server)
    },
  )

  test('that is asked for just as it is stored is sent as it is stored, or refused', async () => {
    const bytes = (await encode(format)).subarray(0, -500)
    await put(`stored.${format}`, bytes)
    const reply = await server.ask(`/iiif/3/stored.${format}/full/max/0/default.${format}`)
    if (reply.status !== 200) expectRefusal(reply)
    else expect(reply.body.equals(bytes)).toBe(true)
  })

  test('whose bytes are changed at random is an image or a refusal, never a crash', async () => {
    const good = await encode(format)
    for (let seed = 1; seed <= 12; seed += 1) {
      const bytes = Buffer.from(good)
      const positions = noise(seed * 8)
      for (let i = 0; i + 3 < positions.length; i += 4)
        bytes[positions.readUInt32LE(i) % bytes.length]! ^= seed * 19 + 1
      await put(`corrupt-${seed}.${format}`, bytes)
      for (const tail of ['info.json', 'full/100,/0/default.jpg', 'full/max/!45/bitonal.png']) {
        const reply = await server.ask(`/iiif/3/corrupt-${seed}.${format}/${tail}`)
        if (reply.status !== 200) expectRefusal(reply)
      }
    }
    await expectAlive(server)
  })
})

describe('what is no image', () => {
  test.each([
    ['text.jpg', 'This is a text, whatever its name says.\n'],
    ['empty.jpg', ''],
    ['page.png', '<!doctype html><html><body>no image</body></html>'],
    ['nothing.tif', Buffer.alloc(5000)],
    ['program.gif', '#!/bin/sh\nexit 1\n'],
    ['pdf.jpg', '%PDF-1.7\n%âãÏÓ\n'],
    ['heic.avif', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1')],
    ['loop.tif', Buffer.from('II*\0\x08\0\0\0\0\0\x08\0\0\0', 'latin1')],
    ['vips.v', Buffer.from([0x08, 0xf2, 0xa6, 0xb6, ...Buffer.alloc(100)])],
    ['pixels.ppm', 'P3 1 1 255 1 2 3\n'],
  ])('%s is refused', async (name, bytes) => {
    await put(name, bytes)
    for (const version of [2, 3]) {
      for (const tail of ['info.json', 'full/max/0/default.jpg', 'full/1,/0/default.png']) {
        expectRefusal(await server.ask(`/iiif/${version}/${name}/${tail}`))
      }
    }
    await expectAlive(server)
  })
})

describe('bombs', () => {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(data.length, 0)
    frame.writeUInt32BE(crc32(body), 4)
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
  }

  /** A PNG of one bit for each pixel, with as many rows as fit into a little data. */
  function buildPng(width: number, height: number, rows: number): Buffer {
    const header = Buffer.alloc(13)
    header.writeUInt32BE(width, 0)
    header.writeUInt32BE(height, 4)
    header[8] = 1
    const data = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * rows))
    const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
    return Buffer.concat([
      signature,
      chunk('IHDR', header),
      chunk('IDAT', data),
      chunk('IEND', Buffer.alloc(0)),
    ])
  }

  test.each([
    ['60,000 x 60,000', 60_000, 60_000],
    ['2,000,000,000 x 1', 2_000_000_000, 1],
    ['2,147,483,647 x 2,147,483,647', 2_147_483_647, 2_147_483_647],
  ])('a PNG whose header says %s is refused', async (_, width, height) => {
    await put('bomb.png', buildPng(width, height, 1))
    for (const tail of [
      'info.json',
      'full/100,/0/default.jpg',
      '0,0,10,10/max/0/default.png',
      'full/max/0/default.png',
    ]) {
      expectRefusal(await server.ask(`/iiif/3/bomb.png/${tail}`))
    }
    await expectAlive(server)
  })
})

describe('SVG', () => {
  const open =
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="120" height="80">'
  const blue = '<rect width="120" height="80" fill="#00f"/>'
  const image = 'drawing.svg/full/max/0/default.png'

  test('is refused by default, whatever its name says', async () => {
    for (const name of ['drawing.svg', 'drawing.png', 'drawing.jpg']) {
      await put(name, `<?xml version="1.0"?><!-- a > b --><!DOCTYPE svg>${open}${blue}</svg>`)
      for (const tail of ['info.json', 'full/max/0/default.png']) {
        const reply = await server.ask(`/iiif/3/${name}/${tail}`)
        expectRefusal(reply)
        expect(reply.headers['content-type']).not.toMatch(/svg/)
      }
    }
  })

  test('is drawn where it is allowed, and its bytes are never sent', async () => {
    await put('drawing.svg', `${open}${blue}<script>alert(1)</script></svg>`)
    const bytes = await fetchImage(drawing, `/iiif/3/${image}`)
    const pixels = await decode(bytes)
    expect(pixels).toMatchObject({ width: 120, height: 80 })
    expect(pixelAt(pixels, 60, 40).slice(0, 3)).toEqual([0, 0, 255])
    expect((await sharp(bytes).metadata()).format).toBe('png')
    expect(bytes.includes('script')).toBe(false)
    expect((await drawing.ask('/iiif/3/drawing.svg/full/max/0/default.svg')).status).toBe(400)
  })

  test('opens neither files nor addresses that it names', async () => {
    const hits: string[] = []
    const spy = createServer((request, response) => {
      hits.push(request.url ?? '')
      response.end()
    })
    await once(spy.listen(0, '127.0.0.1'), 'listening')
    const red = await sharp({ create: { width: 120, height: 80, channels: 3, background: '#f00' } })
      .png()
      .toBuffer()
    await put('red.png', red)
    const outside = `http://127.0.0.1:${(spy.address() as AddressInfo).port}`
    const places = [`${outside}/red.png`, 'red.png', './red.png', pathToFileURL(join(folder, 'red.png')).href]
    for (const [i, place] of places.entries()) {
      for (const attribute of ['href', 'xlink:href']) {
        const name = `reference-${i}-${attribute.length}.svg`
        const style = `<style>@import url("${place}.css"); rect { fill: url("${place}") }</style>`
        await put(
          name,
          `${open}${style}${blue}<image ${attribute}="${place}" width="120" height="80"/></svg>`,
        )
        const reply = await drawing.ask(`/iiif/3/${name}/full/max/0/default.png`)
        if (reply.status !== 200) expectRefusal(reply)
        else expect(pixelAt(await decode(reply.body), 60, 40).slice(0, 3)).not.toEqual([255, 0, 0])
      }
    }
    const entity = `<!DOCTYPE svg [<!ENTITY file SYSTEM "${pathToFileURL('/etc/passwd').href}"><!ENTITY net SYSTEM "${outside}/x">]>`
    await put('entity.svg', `${entity}${open}${blue}<text y="20">&file;&net;</text></svg>`)
    const reply = await drawing.ask('/iiif/3/entity.svg/full/max/0/default.png')
    if (reply.status !== 200) expectRefusal(reply)
    spy.close()
    spy.closeAllConnections()
    expect(hits).toEqual([])
  })

  test('with entities that grow without end is refused, or drawn without them', async () => {
    const entities = Array.from(
      { length: 9 },
      (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`,
    ).join('')
    await put(
      'laughs.svg',
      `<!DOCTYPE svg [<!ENTITY e0 "ha">${entities}]>${open}<text y="20">&e9;</text></svg>`,
    )
    for (const tail of ['info.json', 'full/max/0/default.png', 'full/60,/0/default.jpg']) {
      const reply = await drawing.ask(`/iiif/3/laughs.svg/${tail}`)
      if (reply.status !== 200) expectRefusal(reply)
    }
    await expectAlive(drawing)
  })

  test('that claims to be huge is refused', async () => {
    for (const side of ['60000', '1e9', '99999999999999999999', 'NaN', '-5']) {
      await put('huge.svg', `${open.replace('"120"', `"${side}"`).replace('"80"', `"${side}"`)}${blue}</svg>`)
      const reply = await drawing.ask('/iiif/3/huge.svg/full/100,/0/default.png')
      if (reply.status !== 200) expectRefusal(reply)
      else expect(await decode(reply.body)).toMatchObject({ width: 100 })
    }
    await expectAlive(drawing)
  })
})

/* What the heap, sharp's threads and the allocator may take for good; one picture that is kept by mistake with every
   request would be 80 MB. */
const maxGrowth = 150 * 1024 * 1024

test('memory does not grow with the number of bad requests', async () => {
  const large = cells({ width: 2000, height: 1500 })
  const bytes = await large.jpeg().toBuffer()
  await put('large.jpg', bytes.subarray(0, bytes.length - 2000))
  const ask = async (i: number) =>
    expectRefusal(await server.ask(`/iiif/3/large.jpg/full/${1000 + i},/0/default.jpg`))
  for (let i = 0; i < 10; i += 1) await ask(i)
  const before = process.memoryUsage().rss
  for (let i = 10; i < 100; i += 1) await ask(i)
  expect(process.memoryUsage().rss - before).toBeLessThan(maxGrowth)
  await expectAlive(server)
})
