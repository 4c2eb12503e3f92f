/* Tokens that carry who somebody is, so that no server has to remember: sealed, because any client can see them
   (Authorization Flow API 2.0 section 4.4: "must not contain any sensitive information […] an opaque string"), signed,
   short-lived, and good for one purpose only.

     token   = key id "." sealed "." signature        each of letters, digits, "_" and "-"
     sealed  = base64url( iv, AES-256-CTR of the claims as JSON )
     signature = base64url( HMAC-SHA-256 of what stands before it )                                                   */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createKeyRing, type SigningKey } from './keys.js'

/** What JSON can hold. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

/** What a token says. */
export interface TokenClaims {
  /** Who somebody is, as the application tells and reads it. */
  readonly user: JsonValue
  /** When the token ceases to be valid, in seconds since 1970. */
  readonly expires: number
  /** The identifiers that the token is good for; absent for all. */
  readonly identifiers?: readonly string[]
}

/** What a token turned out to be. */
export type OpenedToken =
  | { readonly kind: 'valid'; readonly claims: TokenClaims }
  /** It was ours, once. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' }

/** Makes and reads the tokens of one audience: those of another are invalid. */
export interface TokenBox {
  /** Makes a token. @throws RangeError when the claims are too long for a cookie. */
  seal(claims: TokenClaims): string
  /**
   * Reads a token.
   *
   * @param identifier - the one that the token must be good for
   */
  open(token: string, identifier?: string): OpenedToken
}

/** What {@link createTokenBox} needs beside its keys. */
export interface TokenBoxOptions {
  /** What the tokens are for; part of what is signed. */
  readonly audience: string
  /** The time, in milliseconds since 1970. @defaultValue Date.now */
  readonly now?: () => number
  /** Random bytes. @defaultValue those of node:crypto */
  readonly random?: (count: number) => Uint8Array
}

/** Browsers drop cookies beyond 4,096 bytes, name and attributes included. */
const maxLength = 3_800

const shape = /^([\w-]{1,32})\.([\w-]{24,})\.([\w-]{43})$/

/** Creates what makes and reads tokens. */
export function createTokenBox(keys: readonly SigningKey[], options: TokenBoxOptions): TokenBox {
  const { audience, now = Date.now, random = randomBytes } = options
  const ring = createKeyRing(keys, `token ${audience}`)
  return {
    seal(claims) {
      const body = `${ring.currentId}.${encrypt(JSON.stringify(claims), ring.derive('seal', ring.currentId), random(16))}`
      const token = `${body}.${ring.sign(body, ring.currentId)}`
      if (token.length > maxLength) throw new RangeError('what the application tells of its user is too long')
      return token
    },
    open(token, identifier) {
      const [, keyId = '', sealed = '', signature = ''] =
        (token.length <= maxLength && shape.exec(token)) || []
      // Nothing is looked at that was not signed.
      if (!ring.verify(`${keyId}.${sealed}`, keyId, signature)) return { kind: 'invalid' }
      const claims = parseClaims(decrypt(sealed, ring.derive('seal', keyId)))
      if (claims === undefined) return { kind: 'invalid' }
      const isMeant = identifier === undefined || (claims.identifiers?.includes(identifier) ?? true)
      if (!isMeant) return { kind: 'invalid' }
      // In the very second in which it expires a token is no longer good.
      return now() < claims.expires * 1000 ? { kind: 'valid', claims } : { kind: 'expired' }
    },
  }
}

function encrypt(text: string, key: Uint8Array | undefined, iv: Uint8Array): string {
  const cipher = createCipheriv('aes-256-ctr', key ?? new Uint8Array(), iv)
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()]).toString('base64url')
}

function decrypt(sealed: string, key: Uint8Array | undefined): string {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-ctr', key ?? new Uint8Array(), bytes.subarray(0, 16))
  return Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]).toString('utf8')
}

function parseClaims(text: string): TokenClaims | undefined {
  try {
    const claims = JSON.parse(text)
    return Number.isFinite(claims.expires) && claims.user !== undefined ? claims : undefined
  } catch {
    return undefined
  }
}
