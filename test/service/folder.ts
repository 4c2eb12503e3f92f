/* A folder of pyramids, what is open in it, and the compiled package, whose workers are the real ones. */
import { existsSync, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import sharp, { type TiffOptions } from 'sharp'
import type * as Package from '../../src/index.js'
import { fromPixels, wavePixels } from '../image/picture.js'

/** What the package exports, compiled. */
export async function loadPackage(): Promise<typeof Package> {
  const index = new URL('../../dist/index.js', import.meta.url)
  if (!existsSync(index)) throw new Error(`not compiled, run "npm run build": ${fileURLToPath(index)}`)
  return import(index.href)
}

/** A door of the compiled package. */
export async function loadNodeDoor(): Promise<typeof import('../../src/adapters/node.js')> {
  return import(new URL('../../dist/adapters/node.js', import.meta.url).href)
}

/** The files of a folder that this process has open. */
export function listOpenFiles(folder: string): string[] {
  const real = realpathSync(folder)
  return readdirSync('/proc/self/fd')
    .map(descriptor => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`)
      } catch {
        return ''
      }
    })
    .filter(path => path.startsWith(real))
    .sort()
}

/** Waits until a condition holds; the test's own time limit ends it. */
export async function waitUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 10))
}

/** A pyramid with tiles of 256. */
export async function makePyramid(
  width: number,
  height: number,
  coding: TiffOptions,
  turn = false,
): Promise<Buffer> {
  const picture = fromPixels(wavePixels(width, height))
  // Another picture of the same size: upside down and negative.
  const samples = turn ? await picture.flip().negate().raw().toBuffer() : await picture.raw().toBuffer()
  return sharp(samples, { raw: { width, height, channels: 3 } })
    .tiff({ tile: true, tileWidth: 256, tileHeight: 256, pyramid: true, ...coding })
    .toBuffer()
}

/** All bytes of a body. */
export async function readBody(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}
