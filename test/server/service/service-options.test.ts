// What options of the server set among those of the image service, beside what a configuration file says itself.
import { describe, expect, it } from 'vitest'
import type { ServiceConfig } from '../../../src/server/config.js'
import { allOptions } from '../../../src/server/options/table.js'
import { resolveOptions } from '../../../src/server/resolve.js'
import { buildServiceOptions } from '../../../src/server/service/service-options.js'

const place = { isLead: true, onCacheError: () => {} }

async function build(
  flags: Readonly<Record<string, string>>,
  service: ServiceConfig | (() => ServiceConfig) = {},
) {
  const resolution = await resolveOptions({
    flags: { config: 'false', folder: '.', cacheMemory: '0', ...flags },
    environment: {},
    folder: import.meta.dirname,
  })
  return buildServiceOptions({ ...resolution, config: { service } }, place)
}

const values: Readonly<Record<string, readonly [text: string, value: unknown]>> = {
  'prefixes.2': ['/two', '/two'],
  'prefixes.3': ['false', false],
  baseUri: ['https://example.org', 'https://example.org'],
  trustProxy: ['192.0.2.1', ['192.0.2.1']],
  slashSubstitute: ['~', '~'],
  'limits.maxArea': ['1000', 1000],
  'limits.maxWidth': ['100', 100],
  'limits.maxHeight': ['100', 100],
  'limits.maxScale': ['2', 2],
  formats: ['jpg,png', ['jpg', 'png']],
  redirectToCanonical: ['true', true],
  cacheControl: ['no-cache', 'no-cache'],
  revalidate: ['never', 'never'],
  'info.rights': ['http://example.org/', 'http://example.org/'],
  'read.svg': ['true', true],
  'schedule.timeouts.sendSeconds': ['7', 7],
  'schedule.timeouts.requestSeconds': ['8', 8],
  'schedule.tile.concurrency': ['3', 3],
  'schedule.large.concurrency': ['2', 2],
  'health.identifier': ['a.tif', 'a.tif'],
}

const read = (target: unknown, way: string): unknown =>
  way
    .split('.')
    .reduce((found: unknown, name) => (found as Record<string, unknown> | undefined)?.[name], target)

const setting = allOptions.flatMap(({ name, sets }) => (sets === undefined ? [] : [{ name, sets }]))

describe('options that set one of the image service', () => {
  it.each(setting)('$name sets $sets', async ({ name, sets }) => {
    const [text, value] = values[sets] ?? ['', 'nothing is known of it']
    expect(read(await build({ [name]: text }), sets)).toEqual(value)
  })

  it('a flag goes before the file, the file before a default; what is beside it stays', async () => {
    const service: ServiceConfig = {
      limits: { maxWidth: 5, maxArea: 6 },
      prefixes: { 2: '/mine' },
    }
    const options = await build({ maxPixels: '7' }, service)
    expect(options.limits).toEqual({ maxWidth: 5, maxArea: 7 })
    expect(options.prefixes).toEqual({ 2: '/mine', 3: '/iiif/3' })
    // And what the file has made is not written to.
    expect(service.limits).toEqual({ maxWidth: 5, maxArea: 6 })
  })

  it('tells what is a function there', async () => {
    const building = build({ rights: 'http://example.org/' }, { info: () => ({}) })
    await expect(building).rejects.toThrow('rights: expected no function service.info, which tells it')
  })

  it('calls what the file has for the options of a worker', async () => {
    const source = async () => undefined
    const options = await build({}, () => ({ source }))
    expect([options.source].flat()).toContain(source)
    expect([options.source].flat()).toHaveLength(2)
  })
})

describe('manifests', () => {
  const about = { label: 'x' }

  it.each([
    [{}, {}, undefined],
    [{ presentation: 'true' }, {}, { listing: expect.any(Function) }],
    [{ presentation: 'false' }, { presentation: { about } }, false],
    [{}, { presentation: { about } }, { about, listing: expect.any(Function) }],
    [{}, { presentation: true }, { listing: expect.any(Function) }],
    [{ presentation: 'true' }, { presentation: { about } }, { about, listing: expect.any(Function) }],
  ])('by the option %j and the file %j', async (flags, service, expected) => {
    expect((await build(flags as Record<string, string>, service as ServiceConfig)).presentation).toEqual(
      expected,
    )
  })
})

describe('what is done once', () => {
  it('is done by the first worker, where it is done at all', async () => {
    const resolution = await resolveOptions({
      flags: { config: 'false', folder: '.' },
      environment: {},
      folder: '.',
    })
    expect((await buildServiceOptions(resolution, place)).maintenance).toBe(true)
    expect((await buildServiceOptions(resolution, { ...place, isLead: false })).maintenance).toBe(false)
    expect((await build({ maintenance: 'false' })).maintenance).toBe(false)
  })
})

it('a function that gives no options is told', async () => {
  const nothing = (() => null) as unknown as () => ServiceConfig
  await expect(build({}, nothing)).rejects.toMatchObject({
    problems: ['service: expected a function that gives options'],
  })
})
