/* A door in an application on a real server, with the pictures of the tests; and the same bytes without any door. */
import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { ImageServiceOptions } from '../../src/options.js'
import type { ImageRequest } from '../../src/protocol/request.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import type { Door } from './doors.js'
import { type Running, start } from './server.js'
import { failingSource, makeNoise, writePictures } from './sources.js'

/** Where the pictures are, from the first test on. */
export let folder: string
let bytes: Uint8Array
let reference: ImageService

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydew-doors-'))
  await writePictures(folder)
  bytes = await makeNoise()
  reference = createImageService({ source: fileSource(folder) })
})

afterAll(async () => {
  await reference.close()
  await rm(folder, { recursive: true, force: true })
})

export interface Site extends Running {
  /** Origin, mount path and prefix of version 3. */
  readonly root: string
  /** What middleware before the door has seen. */
  readonly log: string[]
  /** What the failing sources tell. */
  readonly events: EventEmitter
}

/** A service of the pictures and of the sources that fail. */
export function createService(
  events: EventEmitter = new EventEmitter(),
  options: Partial<ImageServiceOptions> = {},
): ImageService {
  return createImageService({ source: [failingSource(bytes, events), fileSource(folder)], ...options })
}

/** Opens a door below paths; Node itself mounts nothing, there the service has other prefixes. */
export async function openSite(door: Door, mounts: readonly string[] = []): Promise<Site> {
  const path = mounts.join('')
  const prefixes = { 2: `${path}/iiif/2`, 3: `${path}/iiif/3` } as const
  const events = new EventEmitter()
  const service = createService(events, door.mounts ? {} : { prefixes })
  const log: string[] = []
  const running = await start(door.transport, door.listen({ service, mounts, log }))
  const close = async () => {
    await running.close()
    await service.close()
  }
  return { ...running, close, root: `${running.origin}${path}/iiif/3`, log, events }
}

/** The bytes of an image, made without any door. */
export async function makeImage(path: string): Promise<Uint8Array> {
  const { body } = await reference.process(reference.parseRequest(path) as ImageRequest)
  if (body instanceof Uint8Array) return body
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}
