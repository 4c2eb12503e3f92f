// How a server lives: signals, crashes and new options, under load; real processes, one worker and several.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import http from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import { askOnce, launch, listChildren, load, start, until, useFolder } from './program.js'

// For machines that have much else to do: nothing here depends on it.
vi.setConfig({ testTimeout: 120_000 })

const folder = useFolder()
const quiet = ['--no-access-log', '--cache-memory', '0']

const has = (count: number, { tally }: ReturnType<typeof load>) =>
  until(() => (tally.statuses[200] ?? 0) >= count)

describe.each([1, 2])('with %i worker(s)', workers => {
  const words = [...quiet, '--workers', String(workers)]

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'loses no request to %s under load, and ends with 0',
    async signal => {
      const server = await start(folder.path(), words)
      const clients = load(server.port, 40)
      await has(60, clients)
      server.child.kill(signal)
      expect(await server.ended).toBe(0)
      const { statuses, failures } = await clients.stop()
      expect(failures).toEqual([])
      expect(Object.keys(statuses)).toEqual(['200'])
      expect(server.err()).toContain(`${signal}: the server ends`)
    },
  )

  it('loses no request to SIGHUP under load, and answers by the new options', async () => {
    const config = folder.path(`config-${workers}.mjs`)
    await writeFile(config, "export default { rights: 'http://example.org/old' }")
    const server = await start(folder.path(), [...words, '--config', config])
    const clients = load(server.port, 20)
    await has(20, clients)
    const rights = async (): Promise<unknown> =>
      (await (await fetch(`${server.origin}/iiif/3/wave.png/info.json`)).json()).rights
    expect(await rights()).toBe('http://example.org/old')
    await writeFile(config, "export default { rights: 'http://example.org/new' }")
    server.child.kill('SIGHUP')
    await server.told(/The server answers by the new options/)
    expect(await rights()).toBe('http://example.org/new')
    // What is wrong is told, and changes nothing.
    await writeFile(config, 'export default { maxPixels: 0, svg: 7, nothing: true }')
    server.child.kill('SIGHUP')
    await server.told(/The options stay as they were: .*nothing: there is no such option/)
    expect(server.err()).toMatch(/The options stay as they were: .*maxPixels: expected a whole number/)
    expect(server.err()).toMatch(/The options stay as they were: .*svg: expected true or false/)
    expect(await rights()).toBe('http://example.org/new')
    await has(60, clients)
    expect((await clients.stop()).failures).toEqual([])
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
  })

  it('stays as it was where SIGHUP names a place that is not there, or options that do not go together', async () => {
    const config = folder.path(`places-${workers}.mjs`)
    await writeFile(config, 'export default {}')
    const server = await start(folder.path(), [...words, '--config', config])
    await writeFile(config, "export default { cacheFolder: './kept', cacheRedis: 'redis://127.0.0.1:1' }")
    server.child.kill('SIGHUP')
    await server.told(/stay as they were: cacheFolder: expected nothing of cacheRedis beside it/)
    await writeFile(config, "export default { healthAccess: 'open', tempFolder: '/dev/null/none' }")
    server.child.kill('SIGHUP')
    await server.told(/stay as they were: tempFolder: .* cannot be made/)
    expect((await fetch(`${server.origin}/iiif/3/wave.png/info.json`)).status).toBe(200)
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
  })

  it('can be ended while it begins: by a second signal that is no echo of the first', async () => {
    const config = folder.path(`hangs-${workers}.mjs`)
    await writeFile(
      config,
      `export default { service: () => { console.error('it hangs'); return new Promise(() => setInterval(() => {}, 1e6)) } }`,
    )
    const server = launch(folder.path(), ['photos', '--port', '0', ...words, '--config', config])
    await server.told(/it hangs/)
    const workersOfIt = listChildren(server.pid)
    server.child.kill('SIGTERM')
    server.child.kill('SIGTERM')
    await new Promise(settle => setTimeout(settle, 1100))
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe('SIGKILL')
    await until(() => workersOfIt.every(pid => !isThere(pid)))
  })

  it('says that it is not ready for as long as it is told, and answers until then', async () => {
    const server = await start(folder.path(), [...words, '--shutdown-delay-seconds', '2'])
    const ready = async (): Promise<number> => (await fetch(`${server.origin}/ready`)).status
    expect(await ready()).toBe(200)
    server.child.kill('SIGTERM')
    await until(async () => (await ready()) === 503)
    expect((await fetch(`${server.origin}/iiif/3/wave.png/info.json`)).status).toBe(200)
    expect(await server.ended).toBe(0)
  })

  it('cuts off what takes longer than it may, and ends with 1', async () => {
    const config = folder.path(`slow-${workers}.mjs`)
    await writeFile(config, 'export default { service: { authorize: () => new Promise(() => {}) } }')
    const server = await start(folder.path(), [...words, '--config', config, '--shutdown-seconds', '1'])
    const hanging = fetch(`${server.origin}/iiif/3/wave.png/info.json`).catch(() => 'cut off')
    await until(async () => /in_flight\S* [1-9]/.test(await (await fetch(`${server.origin}/metrics`)).text()))
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(1)
    expect(await hanging).toBe('cut off')
    expect(server.err()).toContain('1 request was cut off.')
  })

  it('ends at once by a second signal that is no echo of the first', async () => {
    const config = folder.path(`slow-${workers}.mjs`)
    await writeFile(config, 'export default { service: { authorize: () => new Promise(() => {}) } }')
    const server = await start(folder.path(), [...words, '--config', config])
    const hanging = fetch(`${server.origin}/iiif/3/wave.png/info.json`).catch(() => 'cut off')
    await until(async () => /in_flight\S* [1-9]/.test(await (await fetch(`${server.origin}/metrics`)).text()))
    server.child.kill('SIGINT')
    server.child.kill('SIGINT')
    await server.told(/SIGINT: the server ends/)
    await new Promise(settle => setTimeout(settle, 1100))
    server.child.kill('SIGINT')
    expect(await server.ended).toBe(workers === 1 ? 'SIGKILL' : 1)
    expect(await hanging).toBe('cut off')
  })
})

/* Whether a process goes on; one that has ended may be listed until somebody asks how. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('with two workers', () => {
  const words = [...quiet, '--workers', '2']

  it('an order is understood alike, whichever worker is told, and read of those only who may give it', async () => {
    const server = await start(folder.path(), words)
    const tell = async (body: string | Buffer, headers: Record<string, string> = {}): Promise<number[]> => {
      const statuses: number[] = []
      for (const _worker of [1, 2]) {
        const options = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
        statuses.push((await askOnce(`${server.origin}/tasks`, options, body)).status)
      }
      return statuses
    }
    const identifiers = Array.from({ length: 9000 }, (_, index) => `a/folder/of/images/${index}.tif`)
    expect(await tell(JSON.stringify({ kind: 'purge', identifiers }))).toEqual([202, 202])
    expect(await tell(Buffer.from('{"kind":"purge","identifier":"\xff"}', 'latin1'))).toEqual([400, 400])
    expect(await tell('x'.repeat(1_500_000))).toEqual([413, 413])
    // Of who may not ask the body is not waited for.
    const headers = { 'x-forwarded-for': '192.0.2.1', 'transfer-encoding': 'chunked' }
    for (const _worker of [1, 2]) {
      const request = http.request(`${server.origin}/tasks`, { method: 'POST', agent: false, headers })
      request.on('error', () => {})
      request.write('{')
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      expect(response.statusCode).toBe(403)
      request.destroy()
    }
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
  })

  it('a worker that waits to begin again still does where options were wrong in the meantime', async () => {
    const config = folder.path('wrong.mjs')
    await writeFile(config, "export default { metricsAccess: 'open' }")
    const server = await start(folder.path(), [...words, '--config', config])
    const readWorkers = async (): Promise<string> =>
      (await askOnce(`${server.origin}/metrics`)).text.match(/^honeydew_ready\{.*\}/gm)?.join() ?? ''
    expect(await readWorkers()).toMatch(/"1".*"2"|"2".*"1"/)
    await writeFile(config, 'export default { nothing: true }')
    const [first = 0] = listChildren(server.pid)
    process.kill(first, 'SIGKILL')
    // The next time is so far away that SIGHUP comes before it.
    await server.told(/(?:Worker \d: .*nothing: there is no such option[\s\S]*){4}/)
    server.child.kill('SIGHUP')
    await server.told(/The options stay as they were: .*nothing/)
    await writeFile(config, "export default { metricsAccess: 'open' }")
    await until(async () => /"1".*"2"|"2".*"1"/.test(await readWorkers()))
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
  })

  it('kill -9 of a worker loses only what that one had, and another takes its place', async () => {
    const server = await start(folder.path(), words)
    const clients = load(server.port, 16)
    await has(30, clients)
    const [first = 0, second = 0] = listChildren(server.pid)
    expect(second).toBeGreaterThan(0)
    process.kill(first, 'SIGKILL')
    await server.told(/Worker \d \(process \d+\) has ended by SIGKILL/)
    await until(() => listChildren(server.pid).length === 2)
    expect(listChildren(server.pid)).toContain(second)
    expect(listChildren(server.pid)).not.toContain(first)
    await has(80, clients)
    const { statuses, failures } = await clients.stop()
    // A client has one request at a time: at most those that this worker had are lost.
    expect(failures.length).toBeLessThan(16)
    expect(Object.keys(statuses)).toEqual(['200'])
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
  })

  it('kill -9 ends also the connections that were on their way to a worker', async () => {
    const server = await start(folder.path(), words)
    const [first = 0] = listChildren(server.pid)
    // It takes nothing any more, and the first process knows nothing of that.
    process.kill(first, 'SIGSTOP')
    const asked = Array.from({ length: 6 }, () =>
      askOnce(`${server.origin}/iiif/3/wave.png/info.json`).then(
        ({ status }) => status,
        (error: NodeJS.ErrnoException) => error.code,
      ),
    )
    const settled: unknown[] = []
    for (const answer of asked) void answer.then(result => settled.push(result))
    // The other worker has answered all but the one that was handed to the first.
    await until(() => settled.length === asked.length - 1)
    process.kill(first, 'SIGKILL')
    const results = await Promise.all(asked)
    expect(results.filter(result => result === 200)).toHaveLength(asked.length - 1)
    expect(results).toContain('ECONNRESET')
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
  })

  it('sums up all workers, and forgets in all of them', async () => {
    const server = await start(folder.path(), ['--no-access-log', '--workers', '2'])
    const isKept = async (count: RegExp): Promise<boolean> => {
      const { text } = await askOnce(`${server.origin}/metrics`)
      const kept = text.matchAll(/^honeydew_cache_entries\{worker="\d",tier="all"\} (\d+)$/gm)
      return [...kept].filter(([, entries = '']) => count.test(entries)).length === 2
    }
    await until(async () => {
      // Two images and the numbers: an odd count, so that not the same worker is asked for the images each time.
      for (const width of [50, 60])
        await askOnce(`${server.origin}/iiif/3/wave.png/full/${width},/0/default.jpg`)
      return isKept(/^[1-9]/)
    })
    // Whichever worker is told: tasks are done by one of them for all.
    const order = JSON.stringify({ kind: 'purge', identifier: 'wave.png' })
    const options = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const tasks = await Promise.all([1, 2].map(() => askOnce(`${server.origin}/tasks`, options, order)))
    expect(tasks.map(({ status }) => status)).toEqual([202, 202])
    await until(() => isKept(/^0$/))
    const { text } = await askOnce(`${server.origin}/tasks`)
    expect(text.match(/"succeeded"/g)?.length).toBe(2)
    server.child.kill('SIGTERM')
    expect(await server.ended).toBe(0)
  })

  it('does not start for ever what cannot begin: that is told, with 1', async () => {
    await writeFile(
      folder.path('fails.mjs'),
      "export default { service: () => { throw new Error('no database') } }",
    )
    const server = launch(folder.path(), ['photos', '--port', '0', ...words, '--config', 'fails.mjs'])
    expect(await server.ended).toBe(1)
    expect(server.err()).toContain('no database')
    expect(server.err().match(/no database/g)?.length).toBeLessThan(5)
  })

  it('tries again, slower and slower, when workers crash, and gives up when none can begin any more', async () => {
    const config = folder.path('crash.mjs')
    await writeFile(config, 'export default { }')
    const server = await start(folder.path(), [...words, '--config', config])
    await writeFile(config, "export default { service: () => { throw new Error('no database') } }")
    for (const pid of listChildren(server.pid)) process.kill(pid, 'SIGKILL')
    expect(await server.ended).toBe(1)
    // Five times each, and not more often.
    expect(server.err().match(/Worker \d: .*no database/g)?.length).toBeLessThanOrEqual(14)
  })
})
