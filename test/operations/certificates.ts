// Certificates and keys as operators make them, with openssl; and clients that tell which certificate they were shown.
import { execFile, execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { createDeferred } from '../schedule/deferred.js'

const run = promisify(execFile)

/** Whether there is openssl. */
export const hasOpenssl = checkOpenssl()

function checkOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A pair of files. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

const kinds = {
  ecdsa: ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  rsa: ['rsa:2048'],
} as const

export interface Wish {
  readonly kind?: keyof typeof kinds
  /** The hosts that it is for. @defaultValue `localhost` */
  readonly hosts?: readonly string[]
  readonly days?: number
}

/** Makes a certificate that nobody else has signed; its common name is `name`. */
export async function makePair(folder: string, name: string, wish: Wish = {}): Promise<Pair> {
  const { kind = 'ecdsa', hosts = ['localhost'], days = 10 } = wish
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
  const names = [...hosts.map(host => `DNS:${host}`), 'IP:127.0.0.1'].join(',')
  await run('openssl', [
    ...['req', '-x509', '-nodes', '-days', String(days), '-subj', `/CN=${name}`],
    ...['-addext', `subjectAltName=${names}`, '-keyout', key, '-out', cert, '-newkey', ...kinds[kind]],
  ])
  return { cert, key }
}

/** Encrypts the key of a pair. */
export async function lockKey({ cert, key }: Pair, passphrase: string): Promise<Pair> {
  const locked = `${key}.locked`
  const words = ['pkcs8', '-topk8', '-in', key, '-out', locked, '-v2', 'aes-256-cbc']
  await run('openssl', [...words, '-passout', `pass:${passphrase}`])
  return { cert, key: locked }
}

/** How a PKCS#12 file is encrypted: as today, as before OpenSSL 3, and as that is read nevertheless. */
export const pkcs12Ways = {
  modern: [],
  tripleDes: ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
  legacy: ['-legacy'],
} as const

/** Puts a pair into one file of PKCS#12. */
export async function makePkcs12(
  { cert, key }: Pair,
  passphrase: string,
  way: keyof typeof pkcs12Ways = 'modern',
): Promise<string> {
  const file = `${cert}.${way}.p12`
  const words = ['pkcs12', '-export', ...pkcs12Ways[way], '-in', cert, '-inkey', key, '-out', file]
  await run('openssl', [...words, '-passout', `pass:${passphrase}`])
  return file
}

/** Reads certificates, for clients that are to believe them. */
export function readTrusted(pairs: readonly Pair[]): Promise<string[]> {
  return Promise.all(pairs.map(({ cert }) => readFile(cert, 'utf8')))
}

/** The common name of the certificate that a client is shown, and the version that was agreed on. */
export async function shakeHands(
  port: number,
  options: tls.ConnectionOptions = {},
): Promise<readonly [name: string, version: string | null]> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }, () => {
      const { subject } = socket.getPeerCertificate()
      resolve([String(subject.CN), socket.getProtocol()])
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

/** Opens a connection that may be resumed, or resumes one. */
export async function openSession(
  port: number,
  given?: Buffer,
): Promise<{ readonly session: Buffer | undefined; readonly isReused: boolean }> {
  const { promise, resolve, reject } = createDeferred<{ session: Buffer | undefined; isReused: boolean }>()
  // In TLS 1.2 all that it takes is there when hands are shaken.
  const options = { rejectUnauthorized: false, maxVersion: 'TLSv1.2' } as const
  const socket = tls.connect(
    { host: '127.0.0.1', port, ...options, ...(given && { session: given }) },
    () => {
      resolve({ session: socket.getSession(), isReused: socket.isSessionReused() })
      socket.destroy()
    },
  )
  socket.once('error', reject)
  return promise
}
