import { afterEach, describe, expect, it } from 'vitest'
import {
  createImageService,
  type ImageService,
  type ImageServiceOptions,
  memoryCache,
} from '../../src/index.js'

const source = async () => undefined
const made: ImageService[] = []

function create(options: object): ImageService {
  const service = createImageService({ source, ...options } as ImageServiceOptions)
  made.push(service)
  return service
}

afterEach(async () => {
  await Promise.all(made.splice(0).map(service => service.close()))
})

const strangers: readonly [name: string, options: object][] = [
  ['authorise', { authorise: () => false }],
  ['limits.maxAera', { limits: { maxAera: 1_000 } }],
  ['read.maxPixels', { read: { maxPixels: 1_000 } }],
  ['encode.jpeg', { encode: { jpeg: { quality: 50 } } }],
  ['encode.jpg.qualty', { encode: { jpg: { qualty: 50 } } }],
  ['schedule.tiles', { schedule: { tiles: { concurrency: 1 } } }],
  ['schedule.tile.width', { schedule: { tile: { width: 1 } } }],
  ['schedule.timeouts.renderMs', { schedule: { timeouts: { renderMs: 1 } } }],
  ['maintenance.seconds', { maintenance: { seconds: 1 } }],
  ['revalidate.seconds', { revalidate: { seconds: 1 } }],
  ['cache.maxSize', { cache: { maxSize: 1_000 } }],
  ['metaIdentifiers.separator', { metaIdentifiers: { separator: '~' } }],
  ['presentation.path', { presentation: { path: '/manifests' } }],
  ['tiers.public.maxWidth', { authorize: () => ({}), tiers: { public: { maxWidth: 800 } } }],
  ['tiers.public.limits.width', { authorize: () => ({}), tiers: { public: { limits: { width: 800 } } } }],
  ['flow.cookie.maxAge', { authorize: () => ({}), flow: { cookie: { maxAge: 60 } } }],
  ['health.image', { health: { image: 'a.tif' } }],
  ['toString', { toString: () => 'a service' }],
]

describe('options that do not exist', () => {
  it.each(strangers)('%s is refused by its name', (name, options) => {
    expect(() => create(options)).toThrow(new TypeError(`${name}: there is no such option`))
  })

  it('are none of those of caches and codecs that a host hands in whole', () => {
    const cache = { ...memoryCache(), region: 'eu' }
    const metaIdentifiers = { parse: () => ({ identifier: '' }), format: () => '', note: 1 }
    expect(() => create({ cache, metaIdentifiers })).not.toThrow()
  })

  it('may be written down as undefined where they exist', () => {
    expect(() => create({ limits: undefined, tiers: undefined, cache: undefined })).not.toThrow()
  })
})
