/* One certificate and its key. */

/** A certificate with its key: PEM or PKCS#12. */
export type TlsIdentity = PemIdentity | Pkcs12Identity

/** What keys and PKCS#12 files may be locked with; a function is asked each time that files are read. */
export type Passphrase = string | (() => string | Promise<string>)

/** Two files in PEM. */
export interface PemIdentity {
  /** The file with the certificate, and behind it those that lead to a root. */
  readonly cert: string
  /** The file with the key; it may be encrypted. */
  readonly key: string
  /** What the key is encrypted with. */
  readonly passphrase?: Passphrase
}

/** One file in PKCS#12. */
export interface Pkcs12Identity {
  /** The file. */
  readonly pfx: string
  /** What it is encrypted with. */
  readonly passphrase?: Passphrase
}

/** What is known of a certificate in use. */
export interface CertificateStatus {
  /** The name that it is for: `default`, or a key of `hosts`. */
  readonly name: string
  /** When it is no longer valid. */
  readonly notAfter: Date
  /** How many whole days are left; negative when it has expired. */
  readonly daysLeft: number
  /** Why the files were not taken when they were last read; what was there before stays in use. */
  readonly problem?: string
}
