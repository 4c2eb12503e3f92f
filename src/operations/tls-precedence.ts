/* Which key a connection is made with, where a server has one for all and another for the name of the host.

   Node adds the certificate of a name to that for all, and OpenSSL keeps one of each type of key: were the one for all of
   another type, clients could be shown it in place of their own (nodejs/node#54235). Servers therefore take the type of the
   certificate for all only where there is no other. */
import { DEFAULT_CIPHERS } from 'node:tls'

/** What makes a server prefer other types of keys. */
export interface Precedence {
  /** The ciphers in their order, for TLS 1.2. */
  readonly ciphers: string
  /** The signatures in their order, for TLS 1.3 and 1.2. */
  readonly sigalgs: string
}

/* The types of keys that certificates have, as Node names them; what is left out may not sign for TLS 1.2 and later. */
const signatures: Readonly<Record<string, readonly string[]>> = {
  ec: ['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'],
  ed25519: ['ed25519'],
  ed448: ['ed448'],
  'rsa-pss': ['rsa_pss_pss_sha256', 'rsa_pss_pss_sha384', 'rsa_pss_pss_sha512'],
  rsa: [
    ...['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'],
    ...['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'],
  ],
}

/**
 * Lets all types of keys go before one.
 *
 * @param keyType - that of the certificate for all
 * @param ciphers - those that are allowed
 */
export function preferOthers(keyType: string, ciphers: string = DEFAULT_CIPHERS): Precedence {
  const types = Object.keys(signatures).filter(type => type !== keyType)
  // OpenSSL's ciphers(1): with a plus in front, those that are there already go to the end.
  const last = keyType.startsWith('rsa') ? 'aRSA' : 'aECDSA'
  return {
    ciphers: `${ciphers}:+${last}`,
    sigalgs: [...types, keyType].flatMap(type => signatures[type] ?? []).join(':'),
  }
}
