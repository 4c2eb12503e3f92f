import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLineLog } from '../../../src/server/log/line-log.js'
import { createStreamSink, openFileSink, type Sink } from '../../../src/server/log/sink.js'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydew-log-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const idle = { reopen: async () => {}, close: async () => {} }

describe('a log of lines', () => {
  it('writes all lines in their order, into the file that is there', async () => {
    const path = join(folder, 'a.log')
    for (const round of [1, 2]) {
      const log = createLineLog({ sink: await openFileSink(path) })
      for (let line = 0; line < 1000; line += 1) log.write(`${round} ${line}`)
      await log.close()
      expect(log.dropped()).toBe(0)
    }
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    const expected = [1, 2].flatMap(round => Array.from({ length: 1000 }, (_, line) => `${round} ${line}`))
    expect(lines).toEqual(expected)
  })

  it('writes into the new file from then on when it was opened anew, and loses nothing', async () => {
    const path = join(folder, 'b.log')
    const log = createLineLog({ sink: await openFileSink(path) })
    log.write('before')
    await rename(path, `${path}.1`)
    await log.reopen()
    log.write('behind')
    await log.close()
    expect([await readFile(`${path}.1`, 'utf8'), await readFile(path, 'utf8')]).toEqual([
      'before\n',
      'behind\n',
    ])
  })

  it('never waits: what a slow disk does not take is dropped and counted', async () => {
    let release: () => void = () => {}
    const gate = new Promise<void>(settle => {
      release = settle
    })
    const pieces: string[] = []
    const sink: Sink = {
      ...idle,
      async write(piece) {
        await gate
        pieces.push(String(piece))
      },
    }
    const log = createLineLog({ sink, maxPendingBytes: 1000 })
    for (let line = 0; line < 500; line += 1) log.write('123456789')
    expect(log.dropped()).toBe(400)
    release()
    await log.close()
    expect(pieces.join('').length).toBe(1000)
    // What was written makes room again.
    log.write('more')
    expect(log.dropped()).toBe(400)
  })

  it('counts what a full disk does not take, tells once, and goes on when there is room', async () => {
    let isFull = true
    const pieces: string[] = []
    const failures: string[] = []
    const sink: Sink = {
      ...idle,
      async write(piece) {
        if (isFull) throw new Error('ENOSPC')
        pieces.push(String(piece))
      },
    }
    const log = createLineLog({ sink, onFailure: ({ message }) => failures.push(message) })
    for (const line of ['a', 'b']) {
      log.write(line)
      await log.reopen()
    }
    expect([log.dropped(), failures]).toEqual([2, ['ENOSPC']])
    isFull = false
    log.write('c')
    await log.close()
    // A line of its own, whatever was broken off before it.
    expect(pieces).toEqual(['\nc\n'])
  })

  it('lives on when who reads the stream has gone', async () => {
    const stream = new PassThrough()
    const failures: Error[] = []
    const log = createLineLog({ sink: createStreamSink(stream), onFailure: error => failures.push(error) })
    stream.destroy(new Error('EPIPE'))
    log.write('nobody hears it')
    await log.close()
    expect([failures.length, log.dropped()]).toEqual([1, 1])
  })

  it('does not wait for ever at its end for a reader that hangs', async () => {
    const log = createLineLog({ sink: createStreamSink(new Writable({ write() {} })) })
    log.write('nobody takes it')
    await log.close()
  })
})
