/* Secrets that sign: the first key signs, all of them verify, so that keys can be changed while what they signed is still
   about. Each purpose has a key of its own, derived (RFC 5869), so that nothing signed for one is good for another. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** A secret and its name. */
export interface SigningKey {
  /** The name, which stands in what is signed: up to 32 letters, digits, `_` and `-`. */
  readonly id: string
  /** At least 32 bytes that nobody else knows. */
  readonly secret: string | Uint8Array
}

/** One secret, or several of which the first signs and all verify. */
export type Keys = string | SigningKey | readonly SigningKey[]

/** Keys for one purpose. */
export interface KeyRing {
  /** The name of the key that signs. */
  readonly currentId: string
  /** Signs a text: 43 characters of base64url; `undefined` where there is no key of that name. */
  sign(text: string, keyId: string): string | undefined
  /** Verifies a signature; takes the same time wherever it is wrong. */
  verify(text: string, keyId: string, signature: string): boolean
  /** Derives 32 bytes for another use of a key of the same purpose; `undefined` where there is no key of that name. */
  derive(use: string, keyId: string): Uint8Array | undefined
}

/** Checks keys. @throws TypeError that names the option. */
export function resolveKeys(keys: Keys, name: string): readonly SigningKey[] {
  const list = typeof keys === 'string' ? [{ id: 'default', secret: keys }] : [keys].flat()
  if (list.length === 0) throw new TypeError(`${name}: expected at least one key`)
  const ids = new Set<string>()
  for (const [index, key] of list.entries()) {
    const path = typeof keys === 'string' ? name : `${name}[${index}]`
    // Errors never repeat a secret.
    if (typeof key !== 'object' || key === null) throw new TypeError(`${path}: expected { id, secret }`)
    if (typeof key.id !== 'string' || !/^[\w-]{1,32}$/.test(key.id)) {
      throw new TypeError(`${path}.id: expected up to 32 letters, digits, _ and -`)
    }
    if (ids.has(key.id)) throw new TypeError(`${path}.id: "${key.id}" is there twice`)
    if (readSecret(key.secret).byteLength < 32)
      throw new TypeError(`${path}: expected a secret of at least 32 bytes`)
    ids.add(key.id)
  }
  return list
}

function readSecret(secret: unknown): Uint8Array {
  if (typeof secret === 'string') return Buffer.from(secret, 'utf8')
  return secret instanceof Uint8Array ? secret : new Uint8Array()
}

/** Derives the keys of one purpose; `keys` were checked by {@link resolveKeys}. */
export function createKeyRing(keys: readonly SigningKey[], purpose: string): KeyRing {
  const derived = new Map<string, Uint8Array>()
  const secrets = new Map(keys.map(({ id, secret }) => [id, Uint8Array.from(readSecret(secret))]))
  const ring: KeyRing = {
    currentId: keys[0]?.id ?? '',
    derive(use, keyId) {
      const secret = secrets.get(keyId)
      if (secret === undefined) return undefined
      const name = `${keyId} ${use}`
      let key = derived.get(name)
      if (key === undefined) {
        key = new Uint8Array(hkdfSync('sha256', secret, '', `honeydew ${purpose} ${use}`, 32))
        derived.set(name, key)
      }
      return key
    },
    sign(text, keyId) {
      const key = ring.derive('sign', keyId)
      return key && createHmac('sha256', key).update(text).digest('base64url')
    },
    verify(text, keyId, signature) {
      const expected = ring.sign(text, keyId)
      return expected !== undefined && isEqualSecret(expected, signature)
    },
  }
  return ring
}

/* Compares texts in a time that tells nothing of where they differ. Texts are compared, not bytes: of base64 there are
   several spellings. */
function isEqualSecret(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected, 'utf8'), Buffer.from(given, 'utf8')]
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}
