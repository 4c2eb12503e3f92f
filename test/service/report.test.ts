/* What the service tells about itself: a report of each answer, Server-Timing, counts and metrics. */

import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createNodeHandler } from '../../src/adapters/node.js'
import type { ImageServiceOptions } from '../../src/options.js'
import type { ResponseReport } from '../../src/service/report.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { parseMetrics } from '../http/metrics-text.js'
import { createFolder, fromPixels, wavePixels } from '../image/picture.js'
import { settleAll } from '../schedule/deferred.js'
import {
  type Asking,
  ask,
  countBytes,
  fetchReply,
  idle,
  readReply,
  readWork,
  serve,
  waitForIdle,
} from './asking.js'
import { makePyramid, waitUntil } from './folder.js'

let jpeg: Buffer
let pyramid: Buffer
let wide: Buffer
let lossless: Buffer

beforeAll(async () => {
  jpeg = await fromPixels(wavePixels(600, 400)).jpeg().toBuffer()
  pyramid = await makePyramid(1024, 768, { compression: 'jpeg', quality: 90 })
  wide = await makePyramid(3072, 3072, { compression: 'jpeg', quality: 30 })
  lossless = await makePyramid(1024, 768, { compression: 'lzw' })
}, 60_000)

interface Site {
  readonly service: ImageService
  readonly reports: ResponseReport[]
  /** Asks, reads all of the answer, and gives the report of it. */
  tell(path: string, asking?: Asking): Promise<ResponseReport>
}

function open(options: Partial<ImageServiceOptions> = {}): Site {
  const reports: ResponseReport[] = []
  const sources = {
    jpeg: countBytes(jpeg),
    pyramid: countBytes(pyramid),
    wide: countBytes(wide),
    lossless: countBytes(lossless),
  }
  const service = serve(sources, { onResponse: report => void reports.push(report), ...options })
  return {
    service,
    reports,
    async tell(path, asking) {
      const before = reports.length
      await fetchReply(service, path, asking)
      await settleAll()
      expect(reports).toHaveLength(before + 1)
      return reports[before]!
    },
  }
}

const tile = 'pyramid/256,0,256,256/256,/0/default.jpg'

describe('the report of an answer', () => {
  it('tells what was asked, by whom, and what came of it', async () => {
    const { tell } = open()
    const report = await tell('lossless/full/200,/0/default.png?x=1', { client: '198.51.100.7' })
    expect(report).toMatchObject({
      request: { method: 'GET', url: '/iiif/3/lossless/full/200,/0/default.png?x=1' },
      parsed: { kind: 'image', identifier: 'lossless', version: 3 },
      clientAddress: '198.51.100.7',
      status: 200,
      canonical: 'full/200,150/0/default.png',
      way: 'render',
      cache: 'miss',
      isComplete: true,
      headers: { 'Content-Type': 'image/png' },
    })
    expect(report.errorCode).toBeUndefined()
    expect(report.bytesSent).toBe(Number(report.headers['Content-Length']))
  })

  it.each<[title: string, path: string, way: string, first: string, second: string]>([
    ['a source as it is', 'jpeg/full/max/0/default.jpg', 'source', 'none', 'none'],
    ['a stored tile', tile, 'stored', 'none', 'none'],
    ['stored tiles that are joined', 'pyramid/0,0,512,512/512,/0/default.jpg', 'stored', 'miss', 'hit'],
    ['a streamed join', 'wide/full/max/0/default.jpg', 'stored', 'none', 'none'],
    ['a render', 'lossless/full/200,/0/default.png', 'render', 'miss', 'hit'],
  ])(
    'tells the way of %s, where it came from, and what was read and sent',
    async (_, path, way, first, second) => {
      const { tell, service } = open()
      const reports = [await tell(path), await tell(path)]
      const size = (await fetchReply(service, path)).body.length
      expect(
        reports.map(({ way, cache, bytesSent, isComplete }) => [way, cache, bytesSent, isComplete]),
      ).toEqual([
        [way, first, size, true],
        [way, second, size, true],
      ])
      if (second === 'hit') expect(reports[1]?.bytesRead).toBe(0)
      else expect(reports[1]?.bytesRead).toBeGreaterThan(size / 2)
      if (way === 'source') expect(reports[0]?.bytesRead).toBe(size)
      // The tables and headers of JPEG are made here, so that a little more may be sent than was read.
      expect(reports[0]?.bytesRead).toBeGreaterThan(size / 2)
    },
  )

  it('tells of a tile that is read without waiting', async () => {
    const folder = await createFolder()
    await writeFile(join(folder, 'pyramid.tif'), pyramid)
    const reports: ResponseReport[] = []
    const service = createImageService({
      source: fileSource(folder),
      onResponse: report => void reports.push(report),
    })
    onTestFinished(() => service.close())
    for (let time = 0; time < 3; time += 1)
      await fetchReply(service, 'pyramid.tif/256,0,256,256/256,/0/default.jpg')
    for (const { way, cache, bytesSent, bytesRead } of reports) {
      expect([way, cache]).toEqual(['stored', 'none'])
      expect(bytesRead).toBeGreaterThan(bytesSent / 2)
    }
  })

  it.each([
    ['a memory cache', undefined, ['miss', 'hit', 'hit']],
    ['no cache', false, ['miss', 'miss', 'miss']],
  ] as const)('tells of a tile that is cut without waiting, with %s', async (_, cache, outcomes) => {
    const folder = await createFolder()
    const odd = await makePyramid(1100, 768, { compression: 'jpeg', quality: 90 })
    await writeFile(join(folder, 'odd.tif'), odd)
    const reports: ResponseReport[] = []
    const options = { source: fileSource(folder), ...(cache === undefined ? {} : { cache }) }
    const service = createImageService({ ...options, onResponse: report => void reports.push(report) })
    // What is no file is cut when it was waited for.
    const waiting = serve({ odd: countBytes(odd) }, { cache: false })
    onTestFinished(() => service.close())
    const path = '1024,256,76,256/76,256/0/default.jpg'
    const expected = (await fetchReply(waiting, `odd/${path}`)).body
    await fetchReply(service, 'odd.tif/0,0,256,256/256,256/0/default.jpg')
    for (let time = 0; time < 3; time += 1)
      expect((await fetchReply(service, `odd.tif/${path}`)).body.equals(expected)).toBe(true)
    const cut = reports.slice(1)
    expect(cut.map(({ cache }) => cache)).toEqual(outcomes)
    // It took no turn.
    expect(cut.map(({ way, phases }) => [way, phases.queueMs])).toEqual(Array(3).fill(['stored', 0]))
  })

  it('tells what became of the time', async () => {
    const source = countBytes(lossless)
    const reports: ResponseReport[] = []
    const service = serve(
      { lossless: source },
      { onResponse: report => void reports.push(report), schedule: { tile: { concurrency: 1 } } },
    )
    await fetchReply(service, 'lossless/full/200,/0/default.png')
    await fetchReply(service, 'lossless/full/200,/0/default.png')
    const [cold, cached] = reports
    const { resolveMs, openMs, readMs, renderMs } = cold!.phases
    for (const milliseconds of [resolveMs, openMs, readMs, renderMs]) expect(milliseconds).toBeGreaterThan(0)
    const together = Object.values(cold!.phases).reduce((sum, milliseconds) => sum + milliseconds, 0)
    expect(together).toBeLessThanOrEqual(cold!.answerMs)
    expect(cold!.answerMs).toBeLessThanOrEqual(cold!.totalMs)
    expect(cached?.phases).toMatchObject({ queueMs: 0, openMs: 0, readMs: 0, renderMs: 0 })

    source.hold()
    const asked = [1, 2].map(x => fetchReply(service, `lossless/${x},0,300,300/300,/0/default.png`))
    await settleAll()
    await new Promise(resolve => setTimeout(resolve, 20))
    source.go()
    await Promise.all(asked)
    const [, , first, second] = reports
    expect(second!.phases.queueMs).toBeGreaterThan(first!.phases.queueMs)
    expect(second!.phases.queueMs).toBeGreaterThan(10)
    expect(first!.phases.readMs).toBeGreaterThan(10)
  })

  it('tells of an info.json how long it took to open its image', async () => {
    const { tell } = open()
    const cold = await tell('lossless/info.json')
    expect(cold).toMatchObject({
      status: 200,
      parsed: { kind: 'info' },
      bytesSent: Number(cold.headers['Content-Length']),
    })
    expect(cold.phases.openMs).toBeGreaterThan(0)
    expect([cold.way, cold.cache]).toEqual([undefined, undefined])
  })

  it.each<[title: string, path: string, asking: Asking, status: number, code: string]>([
    ['a path that is no request', 'lossless/full/max/0', {}, 404, 'not-an-image-request'],
    ['a bad size', 'lossless/full/0,/0/default.png', {}, 400, 'invalid-size'],
    ['an image that is not there', 'nothing/full/max/0/default.png', {}, 404, 'not-found'],
    ['a format that is not made', 'lossless/full/max/0/default.pdf', {}, 501, 'not-implemented'],
    ['a method that is not allowed', tile, { method: 'DELETE' }, 405, 'method-not-allowed'],
    ['a client that has left', tile, { signal: AbortSignal.abort() }, 499, 'aborted'],
  ])('tells the cause of an error: %s', async (_, path, asking, status, code) => {
    const { tell, service } = open()
    const report = await tell(path, asking)
    expect(report).toMatchObject({ status, errorCode: code, isComplete: true })
    expect(report.bytesSent).toBe(Number(report.headers['Content-Length']))
    expect(service.stats().responses).toEqual({ [status]: 1 })
  })

  it.each<[title: string, asking: Asking, status: number]>([
    ['a HEAD', { method: 'HEAD' }, 200],
    ['a preflight', { method: 'OPTIONS' }, 204],
    ['a range beyond the end', { headers: { range: 'bytes=99999999-' } }, 416],
  ])('tells of %s that nothing was sent', async (_, asking, status) => {
    const { tell } = open()
    expect(await tell(tile, asking)).toMatchObject({ status, bytesSent: 0, isComplete: true })
  })

  it('comes for every one of those who wait for the same', async () => {
    const { service, reports } = open()
    const path = 'lossless/full/200,/0/default.png'
    await Promise.all(Array.from({ length: 10 }, () => fetchReply(service, path)))
    await settleAll()
    expect(reports).toHaveLength(10)
    expect(new Set(reports.map(({ way, cache }) => `${way} ${cache}`))).toEqual(new Set(['render miss']))
  })
})

describe('a client that leaves in the middle', () => {
  it('is told of with what it took', async () => {
    const large = countBytes(Buffer.concat([jpeg, Buffer.alloc(40_000_000)]))
    const reports: ResponseReport[] = []
    const service = serve({ large }, { onResponse: report => void reports.push(report) })
    const server = createServer(createNodeHandler(service))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /iiif/3/large/full/max/0/default.jpg HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'data')
    expect(reports).toEqual([])
    socket.destroy()
    await waitUntil(() => reports.length === 1)
    const [report] = reports
    expect(report).toMatchObject({
      status: 200,
      isComplete: false,
      way: 'source',
      clientAddress: '127.0.0.1',
    })
    expect(report!.bytesSent).toBeGreaterThan(0)
    expect(report!.bytesSent).toBeLessThan(40_000_000)
    expect(report!.bytesRead).toBeGreaterThanOrEqual(report!.bytesSent)
    await waitForIdle(service)
  })

  it('of an image that is streamed is told of when its body is given up', async () => {
    const { service, reports } = open()
    const reply = await ask(service, 'wide/full/max/0/default.jpg')
    const chunks = (reply.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    const first = await chunks.next()
    expect(reports).toEqual([])
    await chunks.return?.()
    await waitUntil(() => reports.length === 1)
    expect(reports[0]).toMatchObject({ status: 200, isComplete: false, way: 'stored' })
    expect(reports[0]!.bytesSent).toBeGreaterThanOrEqual(first.value.length)
    await waitForIdle(service)
  })
})

describe('a hook that fails', () => {
  it.each<[title: string, hook: () => void]>([
    [
      'throws',
      () => {
        throw new Error('no disk for logs')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('no disk for logs'))],
  ])('and %s is ignored', async (_, onResponse) => {
    const { service } = open({ onResponse })
    for (const path of [
      tile,
      'wide/full/max/0/default.jpg',
      'lossless/full/100,/0/default.png',
      'nothing/info.json',
    ]) {
      const { status } = await fetchReply(service, path)
      expect(`${path} ${status}`).toBe(`${path} ${path.startsWith('nothing') ? 404 : 200}`)
    }
    await settleAll()
    expect(readWork(service)).toEqual(idle)
  })

  it('to be a function is refused', () => {
    expect(() => serve({}, { onResponse: 'console.log' as never })).toThrow('onResponse: expected a function')
  })
})

describe('Server-Timing', () => {
  const path = 'lossless/full/200,/0/default.png'

  it('is not sent unless it is asked for', async () => {
    const { service } = open()
    const { headers } = await fetchReply(service, path)
    expect(headers).not.toHaveProperty('Server-Timing')
    expect(headers).not.toHaveProperty('Timing-Allow-Origin')
  })

  it.each([true, false])(
    'tells the phases and the cache to pages of all origins; with reports: %s',
    async hasReports => {
      const { service } = open({
        serverTiming: true,
        ...(hasReports ? {} : { onResponse: undefined as never }),
      })
      const [first, second] = [await fetchReply(service, path), await fetchReply(service, path)]
      const time = String.raw`;dur=\d+\.\d\d`
      const pattern = `^resolve${time}, queue${time}, open${time}, read${time}, render${time}, cache;desc=miss, total${time}$`
      expect(first.headers['Server-Timing']).toMatch(new RegExp(pattern))
      expect(first.headers['Timing-Allow-Origin']).toBe('*')
      expect(second.headers['Server-Timing']).toMatch(
        new RegExp(`^resolve${time}, cache;desc=hit, total${time}$`),
      )
    },
  )

  it('is on errors and streams too, and the body is still whole', async () => {
    const { service } = open({ serverTiming: true })
    expect((await fetchReply(service, 'nothing/info.json')).headers['Server-Timing']).toMatch(/total;dur=/)
    const streamed = await fetchReply(service, 'wide/full/max/0/default.jpg')
    expect(streamed.headers['Server-Timing']).toMatch(/read;dur=.*cache;desc=none/)
    expect(streamed.body.subarray(-2).toString('hex')).toBe('ffd9')
  })
})

describe('counts', () => {
  it('are of all answers, by status, way and cache', async () => {
    const { service } = open()
    const paths = [
      'jpeg/full/max/0/default.jpg',
      tile,
      tile,
      'wide/full/max/0/default.jpg',
      'lossless/full/100,/0/default.png',
      'lossless/full/100,/0/default.png',
      'pyramid/0,0,512,512/512,/0/default.jpg',
      'lossless/info.json',
      'nothing/info.json',
    ]
    for (const path of paths) await fetchReply(service, path)
    await service.handle({ method: 'GET', url: '/elsewhere', mountPath: '', headers: {}, scheme: 'http' })
    const { responses, images, durations, openImages, ...work } = service.stats()
    expect(responses).toEqual({ 200: 8, 404: 1 })
    expect(images).toEqual({
      source: { hit: 0, miss: 0, none: 1 },
      stored: { hit: 0, miss: 1, none: 3 },
      render: { hit: 1, miss: 1, none: 0 },
    })
    expect(durations.total).toBe(9)
    expect(durations.sumSeconds).toBeGreaterThan(0)
    expect(durations.counts.reduce((sum, count) => sum + count, 0)).toBe(9)
    expect(openImages).toBe(4)
    expect(work).toMatchObject({ inFlight: 0, making: 0, schedule: { memoryBytes: 0 } })
  })

  it('are a copy: who changes them changes nothing', async () => {
    const { service } = open()
    await fetchReply(service, tile)
    const stats = service.stats()
    Object.assign(stats.images.stored, { none: 99 })
    Object.assign(stats.durations.counts, [99])
    expect(service.stats().images.stored.none).toBe(1)
    expect(service.stats().durations.counts[0]).toBeLessThan(99)
  })

  it('show what is under way', async () => {
    const source = countBytes(lossless)
    const service = serve({ lossless: source }, { schedule: { tile: { concurrency: 1 } } })
    await ask(service, 'lossless/info.json')
    source.hold()
    const asked = [1, 2, 3].map(x => ask(service, `lossless/${x},0,300,300/300,/0/default.png`))
    await settleAll()
    expect(readWork(service)).toMatchObject({ inFlight: 3, making: 3, running: 1, queued: 2 })
    expect(readWork(service).memoryBytes).toBeGreaterThan(0)
    source.go()
    await Promise.all(asked.map(async reply => readReply(await reply)))
    await waitForIdle(service)
  })
})

describe('metrics', () => {
  it('are the counts, as text that a strict reader takes', async () => {
    const { service } = open()
    for (const path of [tile, 'lossless/full/100,/0/default.png', 'nothing/info.json'])
      await fetchReply(service, path)
    const metrics = parseMetrics(service.metrics())
    const read = (name: string, labels: Record<string, string> = {}): number | undefined =>
      metrics
        .flatMap(({ samples }) => samples)
        .find(sample => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels))
        ?.value
    const stats = service.stats()
    expect(read('honeydew_responses_total', { status: '200' })).toBe(2)
    expect(read('honeydew_responses_total', { status: '404' })).toBe(1)
    expect(read('honeydew_images_total', { way: 'render', cache: 'miss' })).toBe(1)
    expect(read('honeydew_images_total', { way: 'stored', cache: 'none' })).toBe(1)
    expect(read('honeydew_response_seconds_count')).toBe(3)
    expect(read('honeydew_response_seconds_bucket', { le: '+Inf' })).toBe(3)
    expect(read('honeydew_response_seconds_sum')).toBe(stats.durations.sumSeconds)
    expect(read('honeydew_lane_admitted_total', { lane: 'tile' })).toBe(stats.schedule.tile.admitted)
    expect(read('honeydew_lane_running', { lane: 'large' })).toBe(0)
    expect(read('honeydew_memory_bytes')).toBe(0)
    expect(read('honeydew_memory_limit_bytes')).toBe(stats.schedule.maxMemoryBytes)
    expect(read('honeydew_open_images')).toBe(2)
  })

  it('are all there from the beginning, each with a type and a sentence', () => {
    const metrics = parseMetrics(open().service.metrics())
    const names = metrics.map(({ name, type, unit }) => [name, type, unit].filter(Boolean).join(' '))
    const expected = [
      'honeydew_responses counter',
      'honeydew_images counter',
      'honeydew_response_seconds histogram seconds',
      'honeydew_lane_running gauge',
      'honeydew_lane_queued gauge',
      'honeydew_lane_admitted counter',
      'honeydew_lane_refused counter',
      'honeydew_lane_abandoned counter',
      'honeydew_memory_bytes gauge bytes',
      'honeydew_memory_limit_bytes gauge bytes',
      'honeydew_requests_in_flight gauge',
      'honeydew_making gauge',
      'honeydew_open_images gauge',
    ]
    expect(names).toEqual(expect.arrayContaining(expected))
    for (const { help } of metrics) expect(help).toMatch(/^[A-Z].*\.$/)
  })
})
