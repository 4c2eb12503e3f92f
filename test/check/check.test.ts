import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, test } from 'vitest'
import { type CheckOptions, type CheckReport, checkServer } from '../../src/check/check.js'
import { rows } from '../../src/check/rows.js'
import type { ImageServiceOptions } from '../../src/options.js'
import { type Answer, type Break, startServer } from './server.js'

const shown = ({ results }: CheckReport) =>
  results.filter(({ outcome }) => outcome === 'failed').map(result => result)

describe('honeydew itself', () => {
  const settings: readonly (readonly [string, Omit<ImageServiceOptions, 'source'>])[] = [
    ['as it is', {}],
    ['with narrow limits, and enlarging', { limits: { maxWidth: 150, maxArea: 15_000, maxScale: 4 } }],
    ['with few formats', { formats: ['jpg'], qualities: ['default'], preferredFormats: ['jpg'] }],
    [
      'with much in info.json',
      {
        info: {
          rights: 'http://creativecommons.org/licenses/by/4.0/',
          service: [{ id: 'https://example.org/s', type: 'Service' }],
        },
      },
    ],
  ]
  const names = ['grid.png', 'grid.tif', 'flat.png']
  const cases = ([2, 3] as const).flatMap(version =>
    settings.map(([what, options], i) => [version, names[i % 3] ?? '', what, options] as const),
  )
  it.each(cases)('passes every row of version %i: %s %s', async (version, name, _what, options) => {
    const report = await checkServer(`${await startServer({}, options)}/iiif/${version}/${name}`)
    expect(shown(report)).toEqual([])
    expect(report).toMatchObject({ version, isCompliant: true, level: options.formats ? 1 : 2 })
    expect(report.results.length).toBeGreaterThan(45)
  })
})

describe('the URL', () => {
  it.each(['/iiif/3/grid.png', '/iiif/3/grid.png/', '/iiif/3/grid.png/info.json', '/iiif/3/grid.png?a=b'])(
    'may be that of the image or of its info.json: %s',
    async path => {
      const report = await checkServer((await startServer()) + path, { only: ['info-id'] })
      expect(report.base).toMatch(/\/iiif\/3\/grid\.png$/)
      expect(report.isCompliant).toBe(true)
    },
  )

  it.each(['', 'grid.png', 'ftp://127.0.0.1/x', 'http://', '/iiif/3/x'])('is refused: "%s"', async url => {
    await expect(checkServer(url)).rejects.toThrow('Expected the URL of an image service')
  })

  it('of nobody is a failure, and not an error', async () => {
    const report = await checkServer('http://127.0.0.1:1/iiif/3/x')
    expect(report).toMatchObject({
      isCompliant: false,
      results: [{ id: 'info-document', outcome: 'failed' }],
    })
  })

  it('may redirect to another place, where the image is then', async () => {
    const origin = await startServer()
    const server = createServer((request, response) => {
      response.writeHead(302, { Location: `${origin}/iiif/3${request.url?.replace('/old', '')}` }).end()
    })
    await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
    const { port } = server.address() as AddressInfo
    const only = ['info-id', 'region-px', 'tiles-served']
    const report = await checkServer(`http://127.0.0.1:${port}/old/grid.png`, { only })
    server.closeAllConnections()
    server.close()
    expect(report.base).toBe(`${origin}/iiif/3/grid.png`)
    expect(shown(report)).toEqual([])
  })
})

/* Mutations of honeydew: each breaks one thing, and the row about it must see that. */
const info = (edit: (info: Record<string, unknown>) => unknown): Break => ({
  change(answer, path) {
    if (!path.endsWith('/info.json') || answer.status !== 200 || answer.body.length === 0) return answer
    const document = JSON.parse(Buffer.from(answer.body).toString())
    return { ...answer, body: Buffer.from(JSON.stringify(edit(document) ?? document)) }
  },
})
const infoSet = (values: Record<string, unknown>): Break => info(document => ({ ...document, ...values }))
const header = (name: string, value: string, where: RegExp = /./): Break => ({
  change: (answer, path) =>
    where.test(path) ? { ...answer, headers: { ...answer.headers, [name]: value } } : answer,
})
const status = (code: number, where: RegExp, method = /GET/): Break => ({
  change: (answer, path, request) =>
    where.test(path) && method.test(request.method) ? { ...answer, status: code } : answer,
})
/** Asks honeydew for other parameters. */
const replace = (where: RegExp, by: string): Break => ({ rewrite: path => path.replace(where, by) })
const profile2 = (edit: (details: Record<string, unknown>) => unknown): Break =>
  info(document => ({
    ...document,
    profile: [
      (document.profile as unknown[])[0],
      edit((document.profile as Record<string, unknown>[])[1] ?? {}),
    ],
  }))

const enlarging = { limits: { maxScale: 4 } }
const right = 'full/200,/0/default.jpg'

type Mutation = readonly [
  row: string,
  what: string,
  version: 2 | 3,
  broken: Break,
  options?: Omit<ImageServiceOptions, 'source'>,
]

const mutations: readonly Mutation[] = [
  ['info-document', 'a server error', 3, status(500, /info\.json/)],
  [
    'info-document',
    'no JSON',
    3,
    { change: (answer: Answer) => ({ ...answer, body: Buffer.from('<html>') }) },
  ],
  ['info-document', 'a list', 2, info(() => [])],
  ['info-document', 'no width', 3, infoSet({ width: undefined })],
  [
    'info-document',
    'version 1',
    2,
    infoSet({ '@context': 'http://library.stanford.edu/iiif/image-api/1.1/context.json' }),
  ],
  ['info-context', 'https', 3, infoSet({ '@context': 'https://iiif.io/api/image/3/context.json' })],
  [
    'info-context',
    'not the last one',
    3,
    infoSet({ '@context': ['http://iiif.io/api/image/3/context.json', 'http://example.org/'] }),
  ],
  ['info-context', 'a list', 2, infoSet({ '@context': ['http://iiif.io/api/image/2/context.json'] })],
  ['info-context-first', 'another key first', 3, info(document => ({ id: document.id, ...document }))],
  ['info-id', 'a slash', 3, info(document => ({ ...document, id: `${document.id}/` }))],
  [
    'info-id',
    'another scheme',
    2,
    info(document => ({ ...document, '@id': String(document['@id']).replace('http:', 'https:') })),
  ],
  ['info-type', 'another type', 3, infoSet({ type: 'ImageService2' })],
  ['info-type-2', 'another type', 2, infoSet({ '@type': 'Image' })],
  ['info-protocol', 'https', 3, infoSet({ protocol: 'https://iiif.io/api/image' })],
  ['info-profile', 'the form of version 2', 3, infoSet({ profile: ['level2'] })],
  ['info-profile', 'a string', 2, infoSet({ profile: 'http://iiif.io/api/image/2/level2.json' })],
  ['info-limits', 'a height alone', 3, infoSet({ maxHeight: 1000 })],
  ['info-limits', 'a text', 2, profile2(details => ({ ...details, maxWidth: '1000' }))],
  ['info-limits-enlarged', 'no limit', 3, infoSet({ maxArea: undefined }), enlarging],
  ['info-sizes', 'a text', 3, infoSet({ sizes: [{ width: '200', height: 150 }] })],
  ['info-sizes', 'over the limits', 2, profile2(details => ({ ...details, maxWidth: 100 }))],
  [
    'info-tiles',
    'twice',
    3,
    infoSet({
      tiles: [
        { width: 512, scaleFactors: [1] },
        { width: 512, height: 512, scaleFactors: [2] },
      ],
    }),
  ],
  ['info-tiles', 'no scale factors', 2, infoSet({ tiles: [{ width: 512 }] })],
  ['info-tiles', 'halves', 3, infoSet({ tiles: [{ width: 512, scaleFactors: [1, 1.5] }] })],
  ['info-scale-factors', 'twice', 3, infoSet({ tiles: [{ width: 512, scaleFactors: [1, 2, 1] }] })],
  ['info-lists', 'a word', 3, infoSet({ extraFormats: 'webp' })],
  ['info-lists', 'numbers', 2, profile2(details => ({ ...details, supports: [1] }))],
  ['info-preferred-formats', 'one that is not offered', 3, infoSet({ preferredFormats: ['jxl'] })],
  ['info-old-names', 'an attribution', 3, infoSet({ attribution: 'us' })],
  ['info-old-names', 'an old feature', 3, infoSet({ extraFeatures: ['sizeAboveFull'] })],
  ['info-links', 'an object', 3, infoSet({ service: { id: 'https://example.org/', type: 'X' } })],
  ['info-links', 'no type', 3, infoSet({ seeAlso: [{ id: 'https://example.org/' }] })],
  ['info-rights', 'a list', 3, infoSet({ rights: ['http://example.org/'] })],
  ['info-media-type', 'text', 3, header('Content-Type', 'text/plain', /info/)],
  [
    'info-media-type',
    'JSON with a profile',
    3,
    header('Content-Type', 'application/json;profile="http://iiif.io/api/image/3/context.json"', /info/),
  ],
  ['info-media-type-2', 'JSON-LD', 2, header('Content-Type', 'application/ld+json', /info/)],
  ['base-redirect', 'the document itself', 3, replace(/grid\.png$/, 'grid.png/info.json')],
  ['base-redirect', 'another place', 2, header('Location', '/', /grid\.png$/)],
  ['base-redirect-303', 'a 302', 3, status(302, /grid\.png$/)],
  ['cors-info', 'no header', 2, header('Access-Control-Allow-Origin', '', /info/)],
  ['cors-all', 'no header on errors', 3, header('Access-Control-Allow-Origin', '', /nothing/)],
  [
    'cors-all',
    'another origin on images',
    2,
    header('Access-Control-Allow-Origin', 'https://example.org', /default\.jpg/),
  ],
  ['cors-preflight', 'no OPTIONS', 3, status(405, /./, /OPTIONS/)],
  ['head', 'no HEAD', 3, status(405, /default\.jpg/, /HEAD/)],
  ['json-ld', 'plain JSON', 3, header('Content-Type', 'application/json', /info/)],
  ['json-ld', 'plain JSON', 2, header('Content-Type', 'application/json', /info/)],
  [
    'profile-link',
    'another level',
    3,
    header('Link', '<http://iiif.io/api/image/3/level1.json>;rel="profile"'),
  ],
  ['canonical-link', 'none', 2, header('Link', '')],
  ['canonical-link', 'a relative one', 3, header('Link', '</x>;rel="canonical"')],
  ['region-px', 'the whole', 3, replace(/50,100,200,100/, 'full')],
  ['region-px', 'another place', 2, replace(/50,100,200,100/, '90,150,200,100')],
  ['region-px-edge', 'an error', 3, status(400, /200,150,400/)],
  ['region-px-edge', 'empty space', 2, replace(/200,150,400,300/, '200,150,100,150')],
  ['region-pct', 'taken for pixels', 3, replace(/pct:25,25,50,50/, '25,25,50,50')],
  ['region-square', 'another part', 3, replace(/square/, '0,0,200,200')],
  ['region-square', 'the whole', 3, replace(/square/, 'full')],
  ['size-max', 'half', 3, replace(/full\/max/, 'full/200,')],
  ['size-full', 'half', 2, replace(/full\/full/, 'full/200,')],
  ['size-w', 'one less', 3, replace(/full\/133,/, 'full/132,')],
  ['size-w', 'a square', 2, replace(/full\/133,/, 'full/133,133')],
  ['size-h', 'taken for a width', 3, replace(/full\/,100/, 'full/100,')],
  ['size-pct', 'of the area', 3, replace(/pct:50\//, 'pct:71/')],
  ['size-pct', 'no decimals', 2, status(400, /pct:50\.5/)],
  ['size-wh', 'one less', 3, replace(/full\/100,75/, 'full/99,75')],
  ['size-wh-distorted', 'the aspect kept', 3, replace(/200,60/, '!200,60')],
  ['size-confined', 'filled', 3, replace(/!200,75/, '200,75')],
  ['size-confined', 'too small', 2, replace(/!100,150/, '50,')],
  ['size-confined-large', 'an error', 3, status(400, /!233,200/)],
  ['size-enlarged', 'not enlarged', 3, replace(/\^110,/, '100,'), enlarging],
  ['size-enlarged-2', 'an error', 2, status(400, /110,\//), enlarging],
  ['rotation-90s', 'to the left', 3, replace(/\/90\//, '/270/')],
  ['rotation-90s', 'not at all', 2, replace(/\/180\//, '/0/')],
  ['rotation-mirror', 'upside down', 3, replace(/\/!0\//, '/!180/')],
  ['rotation-mirror', 'mirrored after it was turned', 2, replace(/\/!90\//, '/!270/')],
  ['rotation-arbitrary', 'the canvas kept', 3, replace(/\/22\.5\//, '/0/')],
  ['quality-color', 'greys', 3, replace(/color\.jpg/, 'gray.jpg')],
  ['quality-gray', 'colours', 2, replace(/gray\.jpg/, 'default.jpg')],
  ['quality-bitonal', 'greys', 3, replace(/bitonal\.jpg/, 'gray.jpg')],
  ['format-png', 'JPEG', 3, replace(/default\.png/, 'default.jpg')],
  [
    'format-png',
    'JPEG that says PNG',
    2,
    { ...replace(/default\.png/, 'default.jpg'), ...header('Content-Type', 'image/png', /png$/) },
  ],
  ['format-others', 'an error', 3, status(500, /default\.webp/)],
  ['encoded-comma', 'an error', 3, status(400, /%2c/i)],
  ['sizes-served', 'an error', 3, status(404, /full\/100,75/)],
  ['sizes-served', 'a pixel less', 2, replace(/full\/100,\//, 'full/99,/')],
  ['sizes-served-wh', 'an error', 2, status(400, /full\/100,75/)],
  ['tiles-served', 'another place', 3, replace(/\/192,128,64,64\//, '/0,0,64,64/')],
  ['tiles-served', 'one too small', 2, replace(/\/0,0,64,64\/64,/, '/0,0,64,64/63,')],
  ['error-region-syntax', 'the whole', 3, replace(/1,2,3\/.*/, right)],
  ['error-region-outside', 'a server error', 2, status(500, /\/400,0,10,10/)],
  ['error-size-syntax', 'the whole', 3, replace(/full\/,\/.*/, right)],
  ['error-size-full', 'the whole', 3, replace(/full\/full\/.*/, right)],
  ['error-size-enlarged', 'enlarged', 3, replace(/full\/401,.*/, right)],
  ['error-size-caret', 'a 400', 3, status(400, /\^pct:120/)],
  [
    'error-size-limits',
    'made smaller',
    3,
    replace(/full\/152,.*/, 'full/100,/0/default.jpg'),
    { limits: { maxWidth: 150 } },
  ],
  ['error-rotation', 'not turned', 2, replace(/full\/[^/]+\/361\/.*/, right)],
  ['error-quality', 'the default', 3, replace(/best\.jpg/, 'default.jpg')],
  ['error-format', 'a 415', 3, status(415, /default\.xyz/)],
  ['error-escape', 'a server error', 3, status(500, /%zz/)],
  ['error-identifier', 'a server error', 2, status(500, /no-such-image/)],
  ['error-identifier-image', 'a 200', 3, replace(/honeydew-check-no-such-image-b5c1/, 'grid.png')],
  ['error-words', 'JSON', 3, header('Content-Type', 'application/json', /nothing/)],
]

const complete = mutations.map(
  ([row, what, version, broken, options = {}]) => [row, what, version, broken, options] as const,
)

describe('a server that is broken', () => {
  it.each(complete)('is seen by %s: %s, version %i', async (row, _what, version, broken, options) => {
    const origin = await startServer(broken, options)
    const name = row === 'tiles-served' ? 'grid.tif' : 'grid.png'
    const only: CheckOptions = row === 'info-document' ? {} : { only: [row] }
    const report = await checkServer(`${origin}/iiif/${version}/${name}`, only)
    const result = report.results.find(({ id }) => id === row)
    expect(result).toMatchObject({ id: row, outcome: 'failed' })
    const isMust = result?.importance === 'MUST'
    expect(report.isCompliant).toBe(!isMust)
  })

  test('is seen by every row there is', () => {
    const seen = new Set(mutations.map(([row]) => row))
    expect(rows.map(({ id }) => id).filter(id => !seen.has(id))).toEqual([])
  })
})

test('every row has a name of its own, and a section in each of its versions', () => {
  const ids = rows.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const row of rows) expect(Object.values(row.sections).filter(Boolean).length).toBeGreaterThan(0)
})

describe('the level', () => {
  it('that is claimed decides what is asked, and may be another one', async () => {
    const origin = await startServer(
      infoSet({
        profile: 'level0',
        extraFeatures: undefined,
        extraFormats: undefined,
        extraQualities: undefined,
      }),
    )
    const url = `${origin}/iiif/3/grid.png`
    const low = await checkServer(url)
    const high = await checkServer(url, { level: 2 })
    expect(low).toMatchObject({ level: 0, isCompliant: true })
    expect(high).toMatchObject({ level: 2, isCompliant: true })
    const skipped = ({ results }: CheckReport) =>
      results.filter(({ outcome }) => outcome === 'skipped').length
    expect(skipped(low)).toBeGreaterThan(skipped(high) + 10)
  })

  it('above what a server does is a failure', async () => {
    const origin = await startServer({}, { formats: ['jpg'] })
    const report = await checkServer(`${origin}/iiif/3/grid.png`, { level: 2, only: ['format-png'] })
    expect(report).toMatchObject({ isCompliant: false })
  })
})

describe('bounds', () => {
  it('of time: a server that never answers is given up', async () => {
    const server = createServer(() => {})
    await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
    const { port } = server.address() as AddressInfo
    const report = await checkServer(`http://127.0.0.1:${port}/x`, { timeoutSeconds: 0.2 })
    server.closeAllConnections()
    server.close()
    expect(report.results).toMatchObject([
      { outcome: 'failed', findings: [{ came: expect.stringContaining('0.2 s') }] },
    ])
  })

  it('of bytes: an answer that is too long is not read to its end', async () => {
    const report = await checkServer(`${await startServer()}/iiif/3/grid.png`, {
      maxBytes: 2500,
      only: ['size-max'],
    })
    expect(shown(report)).toMatchObject([
      { id: 'size-max', findings: [{ came: expect.stringContaining('2500 bytes') }] },
    ])
  })

  it('of redirects: a server that leads nowhere is given up', async () => {
    const server = createServer((_, response) => void response.writeHead(302, { Location: '/again' }).end())
    await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle))
    const { port } = server.address() as AddressInfo
    const report = await checkServer(`http://127.0.0.1:${port}/x`)
    server.closeAllConnections()
    server.close()
    expect(report).toMatchObject({ isCompliant: false, requests: 6 })
  })

  it('of patience: a signal ends it', async () => {
    const controller = new AbortController()
    const url = `${await startServer()}/iiif/3/grid.png`
    const check = checkServer(url, { signal: controller.signal, onRow: () => controller.abort() })
    await expect(check).rejects.toMatchObject({ code: 'aborted' })
  })
})
