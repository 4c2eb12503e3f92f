// The sockets of a server: HTTP/1.1 and HTTP/2 on one port, with TLS and without; and clients that are slow, or many.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { hasOpenssl, lockKey, makePair, makePkcs12, shakeHands } from '../operations/certificates.js'
import { askOnce, type Served, start, until, useFolder } from './program.js'

const folder = useFolder()
const quiet = ['--no-access-log', '--workers', '1']
const info = '/iiif/3/wave.png/info.json'
const large = '/iiif/3/wave.png/full/max/0/default.png'

const serve = (...words: string[]): Promise<Served> => start(folder.path(), [...quiet, ...words])

async function end(server: Served): Promise<void> {
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
}

/** Sends bytes, and gives all that comes until the server closes the connection. */
async function send(port: number, text: string): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port })
  let received = ''
  socket.on('data', data => {
    received += data.toString('latin1')
  })
  socket.on('error', () => {})
  socket.write(text)
  await new Promise(settle => socket.once('close', settle))
  return received
}

async function askHttp2(session: http2.ClientHttp2Session, path: string): Promise<readonly [number, number]> {
  const stream = session.request({ ':path': path })
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
  let bytes = 0
  for await (const chunk of stream) bytes += chunk.length
  return [Number(headers[':status']), bytes]
}

describe('slow clients', () => {
  it('a head that does not come to its end is given up; so is one that is too large', async () => {
    const server = await serve('--head-seconds', '1')
    expect(await send(server.port, `GET ${info} HTTP/1.1\r\nHost: a\r\n`)).toMatch(/^HTTP\/1\.1 408 /)
    const long = `GET ${info} HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`
    expect(await send(server.port, long)).toMatch(/^HTTP\/1\.1 431 /)
    await end(server)
  })

  it('an idle connection is closed after its time, and not before', async () => {
    const server = await serve('--keep-alive-seconds', '1')
    expect(await send(server.port, `GET ${info} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /)
    await end(server)
  })

  it('who takes nothing of its answers is broken off, and the server ends without waiting for it', async () => {
    const server = await serve('--send-seconds', '1')
    const socket = net.connect({ host: '127.0.0.1', port: server.port })
    socket.on('error', () => {})
    socket.pause()
    // More than the buffers of the system take.
    socket.write(`GET ${large} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(200))
    await once(socket, 'connect')
    // Who does not read learns only by writing that it has nobody to write to.
    const timer = setInterval(() => socket.write('\r\n'), 50)
    await new Promise(settle => socket.once('close', settle))
    clearInterval(timer)
    const { text } = await askOnce(`${server.origin}/metrics`)
    expect(text).toMatch(/^honeydew_requests_in_flight 0$/m)
    await end(server)
  })

  it('no more connections than are allowed are held', async () => {
    const server = await serve('--max-connections', '2')
    const held = [1, 2].map(() => net.connect({ host: '127.0.0.1', port: server.port }))
    // They count when the server has them, which an answer tells.
    for (const socket of held) {
      socket.write(`GET ${info} HTTP/1.1\r\nHost: a\r\n\r\n`)
      await once(socket, 'data')
    }
    expect(await send(server.port, `GET ${info} HTTP/1.1\r\nHost: a\r\n\r\n`)).toBe('')
    for (const socket of held) socket.destroy()
    await until(async () => (await send(server.port, `GET ${info} HTTP/1.0\r\n\r\n`)).includes(' 200 '))
    await end(server)
  })
})

describe('HTTP/2 without TLS', () => {
  it('is spoken with those that begin with it, where it is on; others are answered on the same port', async () => {
    const server = await serve('--h2c')
    const session = http2.connect(server.origin)
    expect((await askHttp2(session, info))[0]).toBe(200)
    expect((await askOnce(`${server.origin}${info}`)).status).toBe(200)
    session.close()
    await end(server)
    const plain = await serve()
    expect(await send(plain.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    await end(plain)
  })

  it('ends without losing a stream: GOAWAY first', async () => {
    const server = await serve('--h2c', '--cache-memory', '0')
    const session = http2.connect(server.origin)
    const answers = Array.from({ length: 30 }, (_, index) =>
      askHttp2(session, `/iiif/3/wave.png/${index},0,900,700/max/0/default.png`),
    )
    await answers[0]
    const goaway = once(session, 'goaway')
    await end(server)
    const [code] = await goaway
    expect(code).toBe(http2.constants.NGHTTP2_NO_ERROR)
    expect((await Promise.all(answers)).filter(([status, bytes]) => status !== 200 || bytes === 0)).toEqual(
      [],
    )
  })
})

describe.skipIf(!hasOpenssl)('TLS (openssl)', () => {
  const askTls = async (server: Served): Promise<number | undefined> => {
    const request = https.get(`${server.origin}${info}`, { rejectUnauthorized: false, agent: false })
    const [response] = await once(request, 'response')
    response.resume()
    return response.statusCode
  }

  it('a certificate in PEM: HTTP/2 for those that ask for it, HTTP/1.1 for others; curl agrees', async () => {
    const { cert, key } = await makePair(folder.path(), 'pem')
    const server = await serve('--tls-cert', cert, '--tls-key', key)
    expect(await askTls(server)).toBe(200)
    const session = http2.connect(server.origin, { rejectUnauthorized: false })
    expect((await askHttp2(session, info))[0]).toBe(200)
    session.close()
    const curl = ['-s', '--cacert', cert, '-w', '%{http_version}', '-o', '/dev/null']
    const version = async (...words: string[]): Promise<string> =>
      (await promisify(execFile)('curl', [...curl, ...words, `${server.origin}${info}`])).stdout
    expect(await version()).toBe('2')
    expect(await version('--http1.1')).toBe('1.1')
    // The addresses of documents are those that were asked for.
    const { stdout } = await promisify(execFile)('curl', ['-s', '--cacert', cert, `${server.origin}${info}`])
    expect(JSON.parse(stdout).id).toBe(`${server.origin}/iiif/3/wave.png`)
    await end(server)
  })

  it('without HTTP/2, where it is off', async () => {
    const { cert, key } = await makePair(folder.path(), 'first')
    const server = await serve('--tls-cert', cert, '--tls-key', key, '--no-http2')
    const words = ['-sk', '-w', '%{http_version}', '-o', '/dev/null', `${server.origin}${info}`]
    expect((await promisify(execFile)('curl', words)).stdout).toBe('1.1')
    await end(server)
  })

  it('a key with a passphrase, and PKCS#12; the wrong passphrase is told', async () => {
    const pair = await makePair(folder.path(), 'locked', { kind: 'rsa' })
    const locked = await lockKey(pair, 'open sesame')
    const pfx = await makePkcs12(pair, 'open sesame')
    const [right, wrong] = [folder.path('right.txt'), folder.path('wrong.txt')]
    await writeFile(right, 'open sesame\n')
    await writeFile(wrong, 'hush')
    for (const words of [
      ['--tls-cert', locked.cert, '--tls-key', locked.key],
      ['--tls-pfx', pfx],
    ]) {
      const server = await serve(...words, '--tls-passphrase-file', right)
      expect(await shakeHands(server.port)).toEqual(['locked', 'TLSv1.3'])
      await end(server)
      const message = await serve(...words, '--tls-passphrase-file', wrong).catch(String)
      expect(message).toContain('tls: ')
      expect(message).not.toContain('hush')
    }
  })

  it('certificates by the name of the host, from a configuration file', async () => {
    const one = await makePair(folder.path(), 'one')
    const two = await makePair(folder.path(), 'two', { hosts: ['two.example'] })
    const tls = { ...one, hosts: { 'two.example': two } }
    await writeFile(folder.path('tls.mjs'), `export default { tls: ${JSON.stringify(tls)} }`)
    const server = await serve('--config', 'tls.mjs')
    expect((await shakeHands(server.port, { servername: 'two.example' }))[0]).toBe('two')
    expect((await shakeHands(server.port, { servername: 'else.example' }))[0]).toBe('one')
    await end(server)
  })

  it('SIGHUP reads certificates anew, and what is none changes nothing', async () => {
    const old = await makePair(folder.path(), 'old')
    const fresh = await makePair(folder.path(), 'fresh')
    const [cert, key] = [folder.path('used.crt'), folder.path('used.key')]
    await copyFile(old.cert, cert)
    await copyFile(old.key, key)
    const server = await serve('--tls-cert', cert, '--tls-key', key)
    const session = http2.connect(server.origin, { rejectUnauthorized: false })
    expect((await shakeHands(server.port))[0]).toBe('old')
    await copyFile(fresh.cert, cert)
    await copyFile(fresh.key, key)
    server.child.kill('SIGHUP')
    await until(async () => (await shakeHands(server.port))[0] === 'fresh')
    expect((await askHttp2(session, info))[0]).toBe(200)
    session.close()
    await writeFile(cert, (await readFile(cert, 'utf8')).slice(0, 100))
    server.child.kill('SIGHUP')
    await server.told(/The certificates stay as they were/)
    expect((await shakeHands(server.port))[0]).toBe('fresh')
    await end(server)
  })
})
