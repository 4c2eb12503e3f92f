/* One certificate and its key: read from files as a whole, or refused as a whole with words for the operator. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext, type SecureContextOptions, TLSSocket } from 'node:tls'

/** A certificate with its key: PEM or PKCS#12. */
export type TlsIdentity = PemIdentity | Pkcs12Identity

/** What keys and PKCS#12 files are locked with; a function is asked each time that the files are read. */
export type Passphrase = string | (() => string | Promise<string>)

/** Two files in PEM. */
export interface PemIdentity {
  /** The file with the certificate, and behind it those that lead to a root. */
  readonly cert: string
  /** The file with the key; it may be encrypted. */
  readonly key: string
  /** What the key is encrypted with. @defaultValue nothing */
  readonly passphrase?: Passphrase
  /** @internal */
  readonly pfx?: undefined
}

/** One file in PKCS#12, as `openssl pkcs12 -export` has written it since OpenSSL 3. */
export interface Pkcs12Identity {
  /** The file. */
  readonly pfx: string
  /** What it is encrypted with. @defaultValue nothing */
  readonly passphrase?: Passphrase
}

/** The files could not be taken. */
export class TlsError extends Error {
  /** What is wrong, without the names of files. */
  readonly problem: string

  constructor(message: string, problem: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.problem = problem
  }
}

/** What was read. */
export interface LoadedIdentity {
  /** The contents of the files, as `tls` takes them. */
  readonly material: Pick<SecureContextOptions, 'cert' | 'key' | 'pfx' | 'passphrase'>
  /** What connections are made with. */
  readonly context: SecureContext
  /** When the certificate is no longer valid. */
  readonly notAfter: Date
  /** The type of its key, as `node:crypto` names it. */
  readonly keyType: string
}

/** More is no certificate. */
const maxBytes = 2 ** 20

/** Checks an identity. @throws TypeError that names the option. */
export function requireIdentity(identity: TlsIdentity, name: string): void {
  const { cert, key, pfx, passphrase } = (identity ?? {}) as unknown as Readonly<Record<string, unknown>>
  const isPem = typeof cert === 'string' && typeof key === 'string' && pfx === undefined
  const isPkcs12 = typeof pfx === 'string' && cert === undefined && key === undefined
  if (!isPem && !isPkcs12)
    throw new TypeError(`${name}: expected the files "cert" and "key", or the file "pfx"`)
  if (passphrase !== undefined && typeof passphrase !== 'string' && typeof passphrase !== 'function') {
    throw new TypeError(`${name}.passphrase: expected a string or a function`)
  }
}

/** Lists the files of an identity. */
export function listFiles(identity: TlsIdentity): readonly string[] {
  return identity.pfx === undefined ? [identity.cert, identity.key] : [identity.pfx]
}

/**
 * Tells files that were written anew from those that were not; what cannot be looked at is told too, so that it is
 * noticed when it comes.
 */
export async function readStamp(identity: TlsIdentity): Promise<string> {
  const stamps = listFiles(identity).map(async file => {
    // Followed to their ends: Kubernetes changes a link.
    const facts = await stat(file).catch(() => undefined)
    return facts ? `${facts.ino} ${facts.size} ${facts.mtimeMs}` : ''
  })
  return (await Promise.all(stamps)).join('|')
}

/**
 * Reads an identity.
 *
 * @param name - by which it is spoken of
 * @param settings - what else its connections are made with
 * @throws {@link TlsError} when the files cannot be read, are no certificate and key, or do not belong together.
 */
export async function loadIdentity(
  identity: TlsIdentity,
  name: string,
  settings: SecureContextOptions,
): Promise<LoadedIdentity> {
  const [first, second] = await Promise.all(listFiles(identity).map(file => readBounded(file, name)))
  const secret = await readPassphrase(identity, name)
  const material = {
    ...(identity.pfx === undefined ? { cert: first, key: second } : { pfx: first }),
    ...(secret !== undefined && { passphrase: secret }),
  } as LoadedIdentity['material']
  try {
    if (identity.pfx === undefined) requireWholePem(first)
    const context = createSecureContext({ ...settings, ...material })
    if (identity.pfx === undefined) requireOwnKey(first, second, secret)
    const { validTo, publicKey } = readCertificate(context)
    const keyType = publicKey.asymmetricKeyType ?? ''
    return { material, context, notAfter: new Date(validTo), keyType }
  } catch (cause) {
    throw buildError(name, listFiles(identity), explain(cause, identity), cause)
  }
}

async function readPassphrase(identity: TlsIdentity, name: string): Promise<string | undefined> {
  const { passphrase } = identity
  if (typeof passphrase !== 'function') return passphrase
  try {
    return await passphrase()
  } catch (cause) {
    throw buildError(name, listFiles(identity), 'the passphrase could not be had', cause)
  }
}

async function readBounded(file: string, name: string): Promise<Buffer> {
  try {
    const { size } = await stat(file)
    if (size <= maxBytes) return await readFile(file)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
    throw buildError(name, [file], `a file cannot be read${code}`, cause)
  }
  throw buildError(name, [file], 'a file is too large to be a certificate or a key')
}

function buildError(name: string, files: readonly string[], problem: string, cause?: unknown): TlsError {
  return new TlsError(`${name}: ${problem}: ${files.join(', ')}`, problem, { cause })
}

const line = /^-----(BEGIN|END) [A-Z0-9 ]+-----\s*$/

/* OpenSSL takes a chain that breaks off for a shorter one. */
function requireWholePem(bytes: Buffer | undefined): void {
  const marks = (bytes?.toString('latin1') ?? '').split('\n').filter(text => text.startsWith('-'))
  const words = marks.map(mark => line.exec(mark)?.[1])
  const isWhole = words.every((word, index) => word === (index % 2 === 0 ? 'BEGIN' : 'END'))
  if (!isWhole || words.length % 2 !== 0) throw new Error('The file breaks off.')
}

/* OpenSSL compares only keys of the same type. */
function requireOwnKey(cert: Buffer = Buffer.of(), key: Buffer = Buffer.of(), passphrase?: string): void {
  const secret = createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) })
  if (!new X509Certificate(cert).checkPrivateKey(secret)) throw new Error('key values mismatch')
}

/* Connections alone tell which certificate they would show, whatever it was read from; this one is never made. */
function readCertificate(secureContext: SecureContext): X509Certificate {
  const nowhere = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const socket = new TLSSocket(nowhere, { isServer: true, secureContext })
  try {
    const certificate = socket.getX509Certificate()
    if (certificate === undefined) throw new Error('There is no certificate.')
    return certificate
  } finally {
    socket.destroy()
  }
}

/* What OpenSSL says, in words that say what to do; its own are in the cause. */
function explain(error: unknown, { pfx }: TlsIdentity): string {
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string }
  const text = `${code} ${message}`
  if (/KEY_VALUES_MISMATCH|key values mismatch/i.test(text))
    return 'the key does not belong to the certificate'
  if (/Unsupported PKCS12|pkcs12.*unsupported/i.test(text)) {
    return (
      'the file is encrypted in an old way that this Node does not read ' +
      '(write it anew: openssl pkcs12 -legacy -in old.p12 -nodes | openssl pkcs12 -export -out new.p12)'
    )
  }
  if (/mac verify|bad.?decrypt|BAD_PASSWORD|INTERRUPTED|passphrase|password/i.test(text)) {
    return 'the passphrase is wrong or missing'
  }
  return pfx === undefined
    ? 'there is no certificate with its key in PEM'
    : 'there is no certificate with its key in PKCS#12'
}
