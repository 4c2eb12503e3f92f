/* Certificates and keys from files, for `https` and `http2`: one for all, others by the name of the host (RFC 6066
   section 3), and all of them changed while connections go on. */
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
} from 'node:tls'
import { createDebug } from '../debug.js'
import { type Names, requireNames } from '../protocol/option-names.js'
import { type CertificateStatus, createEntry, type IsMeant, readEntries } from './tls-entry.js'
import { createHostTable } from './tls-hosts.js'
import { type PemIdentity, requireIdentity, type TlsError, type TlsIdentity } from './tls-identity.js'
import { preferOthers } from './tls-precedence.js'

const debug = createDebug('tls')

/** The options of {@link loadTls}: the certificate for all, and what else there is. */
export type TlsOptions = TlsIdentity & {
  /**
   * Certificates for the names of hosts that clients ask for (SNI), such as `images.example.org`, or `*.example.org` for
   * all names with one word more; all others get the one for all. @defaultValue none
   */
  readonly hosts?: Readonly<Record<string, TlsIdentity>>
  /**
   * The time from one look at the files to the next, in seconds; 0 for never. A look costs one system call for each file.
   * @defaultValue 60
   */
  readonly watchSeconds?: number
  /**
   * Hears when certificates have changed: with an error where files were not taken, once for each reason.
   * @defaultValue a line on the debug channel
   */
  readonly onReload?: (error?: TlsError) => void
  /** The lowest version of TLS. @defaultValue TLSv1.2 */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** The ciphers, as OpenSSL lists them. @defaultValue those of Node */
  readonly ciphers?: string
}

/** What `https.createServer` and `http2.createSecureServer` take. */
export interface TlsServerOptions extends Pick<SecureContextOptions, 'cert' | 'key' | 'pfx' | 'passphrase'> {
  /** The lowest version of TLS. */
  readonly minVersion: SecureVersion
  /** The ciphers, those last that take the certificate for all. */
  readonly ciphers: string
  /** The signatures, those last that take the certificate for all. */
  readonly sigalgs: string
  /** Chooses by the name of the host. */
  SNICallback(name: string, done: (error: Error | null, context?: SecureContext) => void): void
}

/** Certificates and keys that were loaded. */
export interface TlsMaterial {
  /** For `https.createServer` and `http2.createSecureServer`: the certificates as they are now. */
  readonly options: TlsServerOptions
  /** Gives a server what is read from now on for clients that ask for no name; all others have it anyway. */
  attach(server: TlsServer): void
  /**
   * Reads all files anew. Connections that are open go on as they were.
   *
   * @throws {@link TlsError} for what was not taken: there the old one stays.
   */
  reload(): Promise<void>
  /** Tells of the certificates in use, that for all first. */
  certificates(): readonly CertificateStatus[]
  /** Stops looking at the files. */
  close(): void
}

/** The part of an `https` or `http2` server that is needed. */
export interface TlsServer {
  /** Takes the certificate for connections that are made from now on. */
  setSecureContext(options: SecureContextOptions): void
}

/**
 * Loads certificates and keys from files, PEM or PKCS#12, and reads them again when they change. What is half written, or
 * does not belong together, is not taken: the old certificate stays, and the files are read again at the next look.
 *
 * @throws TypeError that names the option, where one is not valid; {@link TlsError} when a file cannot be taken.
 * @example
 * ```ts
 * const tls = await loadTls({ cert: '/etc/tls/cert.pem', key: '/etc/tls/key.pem' })
 * const server = createSecureServer({ ...tls.options, allowHTTP1: true }, createNodeHandler(service))
 * tls.attach(server)
 * ```
 */
export async function loadTls(options: TlsOptions): Promise<TlsMaterial> {
  const { hosts = {}, watchSeconds = 60, onReload, minVersion = 'TLSv1.2', ciphers } = options
  requireOptions(options)
  const settings = { minVersion, ...(ciphers !== undefined && { ciphers }) }
  const first = createEntry('default', options, settings)
  const others = Object.entries(hosts).map(([name, identity]) => createEntry(name, identity, settings))
  const find = createHostTable(others)
  const entries = [first, ...others]
  const servers = new Set<TlsServer>()
  const forServers = () => {
    const { material, keyType } = first.current()
    return { minVersion, ...preferOthers(keyType, ciphers), ...material }
  }
  let turn: Promise<unknown> = Promise.resolve()
  // One after another: what was read first must not be taken last.
  const read = (isMeant: IsMeant): Promise<boolean> => {
    const result = turn.then(async () => {
      const before = first.current()
      try {
        return await readEntries(entries, isMeant)
      } finally {
        const { material } = first.current()
        if (before.material !== material) {
          for (const server of servers) server.setSecureContext(forServers())
        }
      }
    })
    turn = result.catch(() => {})
    return result
  }
  await readEntries(entries, () => true)
  const timer = watch(watchSeconds, () => read(entry => entry.hasChanged()), onReload)
  return {
    get options() {
      return {
        ...forServers(),
        SNICallback: (name: string, done: Parameters<TlsServerOptions['SNICallback']>[1]) =>
          done(null, (find(name) ?? first).current().context),
      }
    },
    attach: server => void servers.add(server),
    async reload() {
      await read(() => true)
    },
    certificates: () => entries.map(entry => entry.tell()),
    close() {
      clearInterval(timer)
      servers.clear()
    },
  }
}

const identityNames: Names<PemIdentity> = {
  cert: true,
  key: true,
  pfx: true,
  passphrase: true,
}

const optionNames: Names<TlsOptions & PemIdentity> = {
  ...identityNames,
  hosts: true,
  watchSeconds: true,
  onReload: true,
  minVersion: true,
  ciphers: true,
}

function requireOptions(options: TlsOptions): void {
  const { hosts = {}, watchSeconds = 60, onReload, minVersion = 'TLSv1.2', ciphers } = options
  requireNames(options, optionNames)
  requireIdentity(options, 'tls')
  for (const [name, identity] of Object.entries(hosts)) {
    requireIdentity(identity, `hosts["${name}"]`)
    requireNames(identity, identityNames, `hosts["${name}"].`)
  }
  if (!(typeof watchSeconds === 'number' && watchSeconds >= 0 && watchSeconds <= maxWatchSeconds)) {
    const range = `seconds from 0 to ${maxWatchSeconds}`
    throw new TypeError(`watchSeconds: expected ${range} but received ${String(watchSeconds)}`)
  }
  if (onReload !== undefined && typeof onReload !== 'function') {
    throw new TypeError('onReload: expected a function')
  }
  if (minVersion !== 'TLSv1.2' && minVersion !== 'TLSv1.3') {
    throw new TypeError(`minVersion: expected "TLSv1.2" or "TLSv1.3" but received ${String(minVersion)}`)
  }
  if (ciphers !== undefined) requireCiphers(ciphers)
}

function requireCiphers(ciphers: string): void {
  try {
    createSecureContext({ ciphers })
  } catch (cause) {
    throw new TypeError('ciphers: expected a list as OpenSSL writes it', { cause })
  }
}

/** A day. */
const maxWatchSeconds = 86_400

function watch(
  seconds: number,
  look: () => Promise<boolean>,
  onReload: TlsOptions['onReload'],
): NodeJS.Timeout | undefined {
  if (seconds === 0) return undefined
  let lastMessage = ''
  const tell = (error?: TlsError): void => {
    debug(error ? 'files were not taken: %o' : 'certificates have changed', error)
    try {
      onReload?.(error)
    } catch (thrown) {
      debug('onReload failed: %o', thrown)
    }
  }
  const note = (error: TlsError): void => {
    if (error.message !== lastMessage) tell(error)
    lastMessage = error.message
  }
  let isLooking = false
  const lookOnce = (): void => {
    if (isLooking) return
    isLooking = true
    look()
      .then(hasChanged => {
        lastMessage = ''
        if (hasChanged) tell()
      }, note)
      .finally(() => {
        isLooking = false
      })
  }
  return setInterval(lookOnce, seconds * 1000).unref()
}
