// Certificates at real servers: chosen by the name of the host, changed while clients come and go.
import { once } from 'node:events'
import { appendFile, copyFile, readFile, rename, writeFile } from 'node:fs/promises'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createNodeHandler } from '../../src/adapters/node.js'
import { createOperations } from '../../src/operations/operations.js'
import { loadTls, type TlsMaterial, type TlsOptions } from '../../src/operations/tls.js'
import type { TlsError } from '../../src/operations/tls-identity.js'
import { createImageService } from '../../src/service.js'
import { createService } from '../adapters/site.js'
import { parseMetrics } from '../http/metrics-text.js'
import { createFolder } from '../image/picture.js'
import { ask } from './asking.js'
import {
  hasOpenssl,
  lockKey,
  makePair,
  makePkcs12,
  openSession,
  type Pair,
  readTrusted,
  shakeHands,
} from './certificates.js'

describe('the options', () => {
  const files = { cert: '/nowhere/a.crt', key: '/nowhere/a.key' }
  it.each<[object, RegExp]>([
    [{}, /^tls: expected the files/],
    [{ ...files, hosts: { 'a.example': {} } }, /^hosts\["a\.example"\]: expected the files/],
    [{ ...files, hosts: { 'a b': files } }, /^hosts: expected names/],
    [{ ...files, host: {} }, /^host: there is no such option/],
    [
      { ...files, hosts: { 'a.example': { ...files, ca: '' } } },
      /^hosts\["a\.example"\]\.ca: there is no such/,
    ],
    [{ ...files, watchSeconds: -1 }, /^watchSeconds: /],
    [{ ...files, watchSeconds: Number.NaN }, /^watchSeconds: /],
    [{ ...files, watchSeconds: 86_401 }, /^watchSeconds: /],
    [{ ...files, onReload: 'log' }, /^onReload: /],
    [{ ...files, minVersion: 'TLSv1' }, /^minVersion: /],
    [{ ...files, ciphers: 'none at all' }, /^ciphers: /],
  ])('%j are refused', async (options, message) => {
    await expect(loadTls(options as TlsOptions)).rejects.toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(message),
    })
  })
})

describe.skipIf(!hasOpenssl)('certificates', () => {
  let folder: string
  let pairs: Readonly<Record<'first' | 'second' | 'third' | 'exact' | 'wild', Pair>>

  beforeAll(async () => {
    folder = await createFolder()
    const [first, second, third, exact, wild] = await Promise.all([
      makePair(folder, 'first', { days: 3 }),
      makePair(folder, 'second', { kind: 'rsa', days: 60 }),
      makePair(folder, 'third', { days: 90 }),
      makePair(folder, 'exact', { hosts: ['images.example.org'] }),
      makePair(folder, 'wild', { kind: 'rsa', hosts: ['*.example.org'] }),
    ])
    pairs = { first, second, third, exact, wild }
  })

  async function load(options: TlsOptions): Promise<TlsMaterial> {
    const material = await loadTls({ watchSeconds: 0, ...options })
    onTestFinished(() => material.close())
    return material
  }

  let count = 0
  /** Files of their own with the contents of a pair. */
  async function place(pair: Pair): Promise<Pair> {
    count += 1
    const [cert, key] = [join(folder, `placed-${count}.crt`), join(folder, `placed-${count}.key`)]
    await replace({ cert, key }, pair)
    return { cert, key }
  }

  /** Writes the contents of one pair over those of another. */
  async function replace(place: Pair, { cert, key }: Pair): Promise<void> {
    await copyFile(cert, place.cert)
    await copyFile(key, place.key)
  }

  /** Writes a file anew, of which nobody ever sees a part. */
  async function move(from: string, to: string): Promise<void> {
    await copyFile(from, `${to}.new`)
    await rename(`${to}.new`, to)
  }

  async function listen(material: TlsMaterial, library: 'https' | 'http2' = 'https'): Promise<number> {
    const answer = (_: unknown, response: { end(text: string): unknown }) => void response.end('answered')
    const server =
      library === 'https'
        ? https.createServer({ ...material.options }, answer)
        : http2.createSecureServer({ ...material.options, allowHTTP1: true }, answer)
    material.attach(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as AddressInfo).port
  }

  const nameAt = async (port: number, servername?: string) =>
    (await shakeHands(port, servername === undefined ? {} : { servername }))[0]

  describe.each(['https', 'http2'] as const)('of %s', library => {
    it('are chosen by the name of the host', async () => {
      const hosts = { 'images.example.org': pairs.exact, '*.example.org': pairs.wild }
      const port = await listen(await load({ ...pairs.first, hosts }), library)
      const asked = ['images.example.org', 'IMAGES.example.org', 'other.example.org', 'a.b.example.org']
      const shown = await Promise.all([...asked, 'localhost', undefined].map(name => nameAt(port, name)))
      expect(shown).toEqual(['exact', 'exact', 'wild', 'first', 'first', 'first'])
    })

    it('are changed by reload for all clients, also those that ask for no name', async () => {
      const files = await place(pairs.first)
      const material = await load({ ...files, hosts: { 'images.example.org': files } })
      const port = await listen(material, library)
      const names = [undefined, 'localhost', 'images.example.org']
      const look = () => Promise.all(names.map(name => nameAt(port, name)))
      expect(await look()).toEqual(['first', 'first', 'first'])
      await replace(files, pairs.second)
      expect(await look()).toEqual(['first', 'first', 'first'])
      await material.reload()
      expect(await look()).toEqual(['second', 'second', 'second'])
    })
  })

  // Node adds the certificate of a name to that for all, and OpenSSL keeps one of each type.
  it.each(
    (['ecdsa', 'rsa'] as const).flatMap(forAll =>
      (['ecdsa', 'rsa'] as const).flatMap(forHost =>
        (['TLSv1.2', 'TLSv1.3'] as const).map(maxVersion => ({ forAll, forHost, maxVersion })),
      ),
    ),
  )('are those of the name, $forHost where $forAll is for all, over $maxVersion', async wanted => {
    const { first, second, exact, wild } = pairs
    const [all, host] = [
      wanted.forAll === 'ecdsa' ? first : second,
      wanted.forHost === 'ecdsa' ? exact : wild,
    ]
    const material = await load({ ...all, hosts: { 'images.example.org': host } })
    const port = await listen(material)
    const { maxVersion } = wanted
    const servername = 'images.example.org'
    const name = host === exact ? 'exact' : 'wild'
    expect(await shakeHands(port, { servername, maxVersion })).toEqual([name, maxVersion])
    expect(await shakeHands(port, { maxVersion })).toEqual([all === first ? 'first' : 'second', maxVersion])
  })

  it('change to another type of key also where a server was not attached', async () => {
    const files = await place(pairs.first)
    const material = await load(files)
    const port = await listen({ ...material, options: material.options, attach() {} })
    for (const name of ['second', 'third'] as const) {
      await replace(files, pairs[name])
      await material.reload()
      expect([await nameAt(port, 'localhost'), await nameAt(port)]).toEqual([name, 'first'])
    }
  })

  it('that are read anew and are the same let clients resume their sessions', async () => {
    const files = await place(pairs.first)
    const material = await load(files)
    const port = await listen(material)
    const { session } = await openSession(port)
    await material.reload()
    expect((await openSession(port, session)).isReused).toBe(true)
    await replace(files, pairs.third)
    await material.reload()
    expect((await openSession(port, session)).isReused).toBe(false)
  })

  it('are believed by clients that check them', async () => {
    const port = await listen(await load({ ...pairs.first, hosts: { 'images.example.org': pairs.exact } }))
    const ca = await readTrusted([pairs.first, pairs.exact])
    for (const servername of ['localhost', 'images.example.org'])
      await shakeHands(port, { servername, ca, rejectUnauthorized: true })
    const strict = { servername: 'other.example.org', ca, rejectUnauthorized: true }
    await expect(shakeHands(port, strict)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  it('come from PKCS#12 and from encrypted keys as well, and change from one to the other', async () => {
    const passphrase = 'open sesame'
    const pfx = join(folder, 'changing.p12')
    await copyFile(await makePkcs12(pairs.first, passphrase), pfx)
    const locked = await lockKey(pairs.exact, passphrase)
    const material = await load({
      pfx,
      passphrase: () => passphrase,
      hosts: { 'images.example.org': { ...locked, passphrase } },
    })
    const port = await listen(material, 'http2')
    expect([await nameAt(port), await nameAt(port, 'images.example.org')]).toEqual(['first', 'exact'])
    await copyFile(await makePkcs12(pairs.second, passphrase, 'tripleDes'), pfx)
    await material.reload()
    expect([await nameAt(port), await nameAt(port, 'localhost')]).toEqual(['second', 'second'])
  })

  it('are for TLS 1.2 and later, or for 1.3 alone', async () => {
    const port = await listen(await load(pairs.first))
    const hosts = { localhost: pairs.second }
    const strict = await listen(await load({ ...pairs.first, hosts, minVersion: 'TLSv1.3' }))
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const middle = { maxVersion: 'TLSv1.2' } as const
    expect(await shakeHands(port)).toEqual(['first', 'TLSv1.3'])
    expect(await shakeHands(port, middle)).toEqual(['first', 'TLSv1.2'])
    await expect(shakeHands(port, old)).rejects.toThrow(/protocol version/)
    for (const servername of ['localhost', 'elsewhere'])
      await expect(shakeHands(strict, { ...middle, servername })).rejects.toThrow(/protocol version/)
  })

  it('hold connections to the ciphers that were set, whatever name they ask for', async () => {
    const ciphers = 'ECDHE-ECDSA-AES256-GCM-SHA384'
    const options = { ...pairs.first, hosts: { localhost: pairs.third }, ciphers }
    const port = await listen(await load(options))
    for (const servername of ['localhost', 'elsewhere']) {
      const client = { servername, maxVersion: 'TLSv1.2' } as const
      expect(await shakeHands(port, { ...client, ciphers })).toContain('TLSv1.2')
      const other = { ...client, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }
      await expect(shakeHands(port, other)).rejects.toThrow(/handshake failure/)
    }
  })

  it('that cannot be read at first keep a server from starting', async () => {
    const key = pairs.second.key
    await expect(loadTls({ cert: pairs.first.cert, key })).rejects.toMatchObject({ name: 'TlsError' })
    const hosts = { 'a.example': { cert: join(folder, 'none'), key }, 'b.example': { pfx: key } }
    await expect(loadTls({ ...pairs.first, hosts })).rejects.toMatchObject({
      problem: 'a file cannot be read (ENOENT); there is no certificate with its key in PKCS#12',
    })
  })

  it('that are not taken stay as they were, each by itself, and tell why', async () => {
    const [files, other] = [await place(pairs.first), await place(pairs.exact)]
    const material = await load({ ...files, hosts: { 'images.example.org': other } })
    const port = await listen(material)
    await copyFile(pairs.third.cert, files.cert)
    await replace(other, pairs.wild)
    const problem = 'the key does not belong to the certificate'
    await expect(material.reload()).rejects.toMatchObject({ problem })
    expect([await nameAt(port), await nameAt(port, 'images.example.org')]).toEqual(['first', 'wild'])
    expect(material.certificates().map(({ name, problem: told }) => [name, told])).toEqual([
      ['default', problem],
      ['images.example.org', undefined],
    ])
    await copyFile(pairs.third.key, files.key)
    await material.reload()
    expect(await nameAt(port)).toBe('third')
    expect(material.certificates()[0]).not.toHaveProperty('problem')
  })

  it('tell how many days they have left, and operators are told', async () => {
    const files = await place(pairs.first)
    const tls = await load({ ...files, hosts: { '*.example.org': pairs.second } })
    const service = createImageService({ source: () => undefined })
    const operations = createOperations(service, { tls })
    onTestFinished(() => operations.close().then(() => service.close()))
    await writeFile(files.key, '')
    await tls.reload().catch(() => {})
    const { json, text } = await ask(operations, '/status')
    const time = expect.stringMatching(/^\d{4}-.*Z$/)
    expect(json.certificates).toEqual([
      {
        name: 'default',
        notAfter: time,
        daysLeft: 2,
        problem: 'there is no certificate with its key in PEM',
      },
      { name: '*.example.org', notAfter: time, daysLeft: 59 },
    ])
    expect(text).not.toContain(folder)
    const metrics = parseMetrics((await ask(operations, '/metrics')).text)
    const samples = metrics.find(({ name }) => name === 'honeydew_tls_not_after_seconds')?.samples ?? []
    expect(samples.map(({ labels, value }) => [labels.name, Math.round(value - Date.now() / 1000)])).toEqual([
      ['default', expect.closeTo(3 * 86_400, -3)],
      ['*.example.org', expect.closeTo(60 * 86_400, -3)],
    ])
  })

  describe('that are watched', () => {
    /** Watches quickly, and keeps what is told. */
    async function watch(files: Pair, hosts: TlsOptions['hosts'] = {}) {
      const told: (string | undefined)[] = []
      const onReload = (error?: TlsError) => {
        told.push(error?.problem)
        throw new Error('what hears of it may fail')
      }
      return { told, material: await load({ ...files, hosts, watchSeconds: 0.01, onReload }) }
    }

    it('are read when they change, and told of once', async () => {
      const files = await place(pairs.first)
      const { told, material } = await watch(files)
      const port = await listen(material)
      await move(pairs.second.key, files.key)
      await expect.poll(() => told.length).toBe(1)
      expect([await nameAt(port), told]).toEqual(['first', ['the key does not belong to the certificate']])
      await move(pairs.second.cert, files.cert)
      await expect.poll(() => told.length).toBe(2)
      expect([await nameAt(port), told[1]]).toEqual(['second', undefined])
    })

    it('are taken when the rest has come of what was half written', async () => {
      const files = await place(pairs.first)
      const { told, material } = await watch(files)
      const port = await listen(material)
      const text = await readFile(pairs.third.cert, 'utf8')
      await writeFile(files.cert, text.slice(0, 300))
      await expect.poll(() => told.length).toBeGreaterThan(0)
      expect(told[0]).toEqual(expect.any(String))
      await appendFile(files.cert, text.slice(300))
      await copyFile(pairs.third.key, files.key)
      await expect.poll(() => nameAt(port)).toBe('third')
    })

    it('are taken when their files come back, moved into place as renewers do', async () => {
      const files = await place(pairs.first)
      const { told, material } = await watch(files)
      const port = await listen(material)
      const next = await place(pairs.second)
      await rename(files.key, `${files.key}.old`)
      await expect.poll(() => told).toEqual(['a file cannot be read (ENOENT)'])
      await rename(next.key, files.key)
      await rename(next.cert, files.cert)
      await expect.poll(() => nameAt(port)).toBe('second')
    })

    it('are watched no more once they are closed', async () => {
      const [files, witness] = [await place(pairs.first), await place(pairs.first)]
      const { told, material } = await watch(files)
      const port = await listen(material)
      material.close()
      const other = await watch(witness)
      await replace(files, pairs.second)
      await replace(witness, pairs.second)
      // Somebody who still looks has noticed, so that there was time for it.
      await expect.poll(() => other.told.at(-1) === undefined && other.told.length > 0).toBe(true)
      expect([await nameAt(port), told]).toEqual(['first', []])
    })
  })

  it('change under load without a connection that fails', async () => {
    const files = await place(pairs.first)
    const material = await load({ ...files, hosts: { localhost: files } })
    const service = createService()
    const server = http2.createSecureServer(
      { ...material.options, allowHTTP1: true },
      createNodeHandler(service),
    )
    material.attach(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const ca = await readTrusted([pairs.first, pairs.second, pairs.third])
    const session = http2.connect(`https://127.0.0.1:${port}`, { ca })
    onTestFinished(async () => {
      session.destroy()
      await new Promise(resolve => server.close(resolve))
      await service.close()
    })
    const traffic = startLoad(port, ca)
    const kept = startKept(session)
    const order = ['second', 'third', 'first'] as const
    for (let round = 0; round < 12; round += 1) {
      const name = order[round % 3] ?? 'first'
      const next = pairs[name]
      await copyFile(next.cert, files.cert)
      // In the middle of it somebody reloads: nothing is taken that does not belong together.
      await expect(material.reload()).rejects.toMatchObject({ name: 'TlsError' })
      await copyFile(next.key, files.key)
      await material.reload()
      await traffic.waitFor(name)
    }
    const { failures, answers } = await traffic.stop()
    expect(failures).toEqual([])
    expect(answers).toBeGreaterThan(12)
    expect(await kept.stop()).toEqual([])
  })
})

const path = '/iiif/3/plain.png/full/max/0/default.jpg'

/* Clients that open a connection for each request and check the certificate, with and without the name of a host. */
function startLoad(port: number, ca: readonly string[]) {
  const failures: unknown[] = []
  const shown: string[] = []
  let isOn = true
  let answers = 0
  const request = (servername: string) =>
    new Promise<void>((resolve, reject) => {
      const host = servername ? { servername } : {}
      const asked = https.get(
        { host: '127.0.0.1', port, path, ca: [...ca], agent: false, ...host },
        answer => {
          const socket = answer.socket as import('node:tls').TLSSocket
          shown.push(`${String(socket.getPeerCertificate().subject?.CN)} ${servername}`)
          answers += 1
          if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`))
          answer.once('error', reject).once('end', resolve).resume()
        },
      )
      asked.once('error', reject)
    })
  const client = async (servername: string) => {
    while (isOn) await request(servername).catch(error => failures.push(error))
  }
  const clients = ['', '', 'localhost', 'localhost'].map(client)
  return {
    /** Waits until clients of both kinds have been shown the certificate. */
    async waitFor(name: string) {
      const from = shown.length
      const isShown = () => {
        const since = shown.slice(from)
        return since.includes(`${name} `) && since.includes(`${name} localhost`)
      }
      await expect.poll(() => failures.length > 0 || isShown(), { timeout: 20_000 }).toBe(true)
    },
    async stop() {
      isOn = false
      await Promise.all(clients)
      return { failures, answers }
    },
  }
}

/* A client that keeps one connection all the time. */
function startKept(session: http2.ClientHttp2Session) {
  const failures: unknown[] = []
  let isOn = true
  const client = async () => {
    while (isOn) {
      const stream = session.request({ ':path': path })
      let status: number | undefined
      stream.once('response', headers => {
        status = headers[':status']
      })
      stream.resume()
      await once(stream, 'close').catch(error => failures.push(error))
      if (status !== 200) failures.push(status)
    }
  }
  const done = client()
  return {
    async stop() {
      isOn = false
      await done
      return failures
    },
  }
}
