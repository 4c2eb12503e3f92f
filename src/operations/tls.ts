/* Certificates and keys from files, for `https` and `http2`. */
import type { SecureContext, SecureVersion } from 'node:tls'
import type { CertificateStatus, TlsIdentity } from './tls-identity.js'

/** The options of {@link loadTls}: the default certificate, and others by host name. */
export type TlsOptions = TlsIdentity & {
  /** Certificates for host names that clients ask for (SNI), such as `images.example.org` or `*.example.org`. */
  readonly hosts?: Readonly<Record<string, TlsIdentity>>
  /** The time from one look at the files to the next, in seconds; 0 for never. @defaultValue 60 */
  readonly watchSeconds?: number
  /** Hears of every reload by watching: an error where something was not taken. @defaultValue a debug line */
  readonly onReload?: (error?: Error) => void
  /** The lowest version. @defaultValue TLSv1.2 */
  readonly minVersion?: SecureVersion
}

/** What `https.createServer` and `http2.createSecureServer` take. */
export interface TlsServerOptions {
  readonly key?: Buffer
  readonly cert?: Buffer
  readonly pfx?: Buffer
  readonly passphrase?: string
  readonly minVersion: SecureVersion
  SNICallback(name: string, done: (error: Error | null, context?: SecureContext) => void): void
}

/** Certificates and keys that were loaded. */
export interface TlsMaterial {
  /** For `https.createServer` and `http2.createSecureServer`, as they are now. */
  readonly options: TlsServerOptions
  /**
   * Gives a server what is reloaded from now on, also for clients that ask for no host name.
   */
  attach(server: { setSecureContext(options: TlsServerOptions): void }): void
  /** Reads all files anew. @throws TlsError for what was not taken: there the old stays. */
  reload(): Promise<void>
  /** Tells of the certificates in use. */
  certificates(): readonly CertificateStatus[]
  /** Stops watching. */
  close(): void
}

/**
 * Loads certificates and keys from files.
 */
export async function loadTls(options: TlsOptions): Promise<TlsMaterial> {
  throw new Error(`not yet ${options}`)
}
