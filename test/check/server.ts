/* Real servers to be checked: honeydew behind a socket, and the same with one thing broken. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll } from 'vitest'
import type { HttpReply, HttpRequest } from '../../src/contracts.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { fromPixels, gridPixels } from '../image/picture.js'

/** What is broken. */
export interface Break {
  /** Asks honeydew for something else than was asked for. */
  readonly rewrite?: (path: string, request: HttpRequest) => string
  /** Gives another answer than honeydew's. */
  readonly change?: (reply: Answer, path: string, request: HttpRequest) => Answer
}

/** An answer whose body is at hand. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export const picture = { width: 400, height: 300 }

const endings: (() => unknown)[] = []
let folder: string | undefined

afterAll(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** A folder with one picture, of cells that all differ, as a file in one piece and as a pyramid. */
async function writePictures(): Promise<string> {
  if (folder !== undefined) return folder
  const made = await mkdtemp(join(tmpdir(), 'honeydew-check-'))
  endings.push(() => rm(made, { recursive: true, force: true }))
  const image = fromPixels(gridPixels(picture.width, picture.height, 8))
  await image.clone().png().toFile(join(made, 'grid.png'))
  const tiles = { tile: true, tileWidth: 64, tileHeight: 64, pyramid: true }
  await image
    .clone()
    .tiff({ compression: 'jpeg', quality: 90, ...tiles })
    .toFile(join(made, 'grid.tif'))
  await sharp({ create: { ...picture, channels: 3, background: '#406080' } })
    .png()
    .toFile(join(made, 'flat.png'))
  folder = made
  return made
}

/** Starts honeydew, broken or not, and gives its origin. */
export async function startServer(
  broken: Break = {},
  options: Omit<ImageServiceOptions, 'source'> = {},
): Promise<string> {
  const service = createImageService({ source: fileSource(await writePictures()), ...options })
  const server = createServer(async (incoming, outgoing) => {
    const request: HttpRequest = {
      method: incoming.method ?? 'GET',
      url: incoming.url ?? '/',
      mountPath: '',
      headers: incoming.headers,
      scheme: 'http',
      authority: incoming.headers.host ?? '',
    }
    const path = request.url
    const reply = await service.handle({ ...request, url: broken.rewrite?.(path, request) ?? path })
    const answer = await takeAnswer(reply)
    const { status, headers, body } = broken.change?.(answer, path, request) ?? answer
    const { 'Content-Length': _, ...others } = headers
    outgoing.writeHead(status, others)
    outgoing.end(request.method === 'HEAD' ? undefined : body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  endings.push(async () => {
    server.closeAllConnections()
    await new Promise(settle => server.close(settle))
    await service.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function takeAnswer(reply: HttpReply | undefined): Promise<Answer> {
  if (reply === undefined) return { status: 404, headers: {}, body: new Uint8Array() }
  const { status, headers, body = new Uint8Array() } = reply
  if (typeof body === 'string') return { status, headers, body: Buffer.from(body) }
  if (body instanceof Uint8Array) return { status, headers, body }
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return { status, headers, body: Buffer.concat(chunks) }
}
