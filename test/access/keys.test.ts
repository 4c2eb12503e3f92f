import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createKeyRing, type Keys, resolveKeys } from '../../src/access/keys.js'

const secret = 'a secret of more than thirty-two bytes'
const other = Buffer.alloc(32, 7)

describe('resolveKeys', () => {
  it('reads one secret, one key, or several', () => {
    expect(resolveKeys(secret, 'keys')).toEqual([{ id: 'default', secret }])
    expect(resolveKeys({ id: 'a', secret }, 'keys')).toEqual([{ id: 'a', secret }])
    expect(
      resolveKeys(
        [
          { id: 'b', secret: other },
          { id: 'a', secret },
        ],
        'keys',
      ),
    ).toHaveLength(2)
  })

  it.each<[keys: unknown, name: string]>([
    ['short', 'keys'],
    ['', 'keys'],
    [[], 'keys'],
    [undefined, 'keys[0]'],
    [null, 'keys[0]'],
    [{}, 'keys[0].id'],
    [{ id: '', secret }, 'keys[0].id'],
    [{ id: 'a.b', secret }, 'keys[0].id'],
    [{ id: 'a'.repeat(33), secret }, 'keys[0].id'],
    [{ id: 'a' }, 'keys[0]'],
    [{ id: 'a', secret: 'x'.repeat(31) }, 'keys[0]'],
    [{ id: 'a', secret: new Uint8Array(31) }, 'keys[0]'],
    [
      [
        { id: 'a', secret },
        { id: 'a', secret: other },
      ],
      'keys[1].id',
    ],
  ])('refuses %j and names %s', (keys, name) => {
    expect(() => resolveKeys(keys as Keys, 'keys')).toThrow(TypeError)
    expect(() => resolveKeys(keys as Keys, 'keys')).toThrow(`${name}:`)
  })

  it('never repeats a secret', () => {
    expect(() => resolveKeys([{ id: 'a', secret: 'not-long-enough' }], 'keys')).toThrow(
      /^(?!.*not-long-enough)/s,
    )
  })
})

describe('createKeyRing', () => {
  const keys = resolveKeys(
    [
      { id: 'new', secret: other },
      { id: 'old', secret },
    ],
    'keys',
  )
  const ring = createKeyRing(keys, 'test')

  it('signs with 43 characters, and verifies what it has signed with any of its keys', () => {
    for (const id of ['new', 'old']) {
      const signature = ring.sign('text', id) ?? ''
      expect(signature).toMatch(/^[\w-]{43}$/)
      expect(ring.verify('text', id, signature)).toBe(true)
    }
    expect(ring.currentId).toBe('new')
  })

  it('knows no other keys', () => {
    expect(ring.sign('text', 'none')).toBeUndefined()
    expect(ring.derive('seal', 'none')).toBeUndefined()
    expect(ring.verify('text', 'none', 'undefined')).toBe(false)
    expect(ring.verify('text', 'constructor', '')).toBe(false)
  })

  it('has keys of its own for each purpose, use and secret', () => {
    const derived = [
      ring.derive('a', 'new'),
      ring.derive('b', 'new'),
      ring.derive('a', 'old'),
      createKeyRing(keys, 'else').derive('a', 'new'),
    ].map(key => Buffer.from(key ?? []).toString('hex'))
    expect(new Set(derived).size).toBe(4)
    expect(derived.every(key => key.length === 64)).toBe(true)
    expect(ring.derive('a', 'new')).toEqual(createKeyRing(keys, 'test').derive('a', 'new'))
  })

  it('is not changed by what happens to a secret later', () => {
    const bytes = Buffer.alloc(32, 1)
    const fresh = createKeyRing([{ id: 'a', secret: bytes }], 'test')
    bytes.fill(2)
    const expected = createKeyRing([{ id: 'a', secret: Buffer.alloc(32, 1) }], 'test').sign('text', 'a') ?? ''
    expect(fresh.verify('text', 'a', expected)).toBe(true)
  })

  it.each<[change: string, (signature: string) => string]>([
    ['nothing', () => ''],
    ['one character less', signature => signature.slice(0, -1)],
    ['one character more', signature => `${signature}A`],
    ['its padding', signature => `${signature}=`],
    ['other characters beyond ASCII', signature => `${signature.slice(0, -1)}ü`],
    ['upper case', signature => signature.toUpperCase()],
    ['another first character', signature => (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)],
    [
      'a last character that decodes to the same bytes',
      signature => signature.slice(0, -1) + twin(signature),
    ],
  ])('a signature with %s is none', (_, change) => {
    expect(ring.verify('text', 'new', change(ring.sign('text', 'new') ?? ''))).toBe(false)
  })
})

// The last of 43 characters has two bits that mean nothing.
function twin(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = [...alphabet].find(
    character =>
      character !== signature.at(-1) &&
      Buffer.from(signature.slice(0, -1) + character, 'base64url').equals(bytes),
  )
  if (last === undefined) throw new Error('expected a second spelling')
  return last
}

it('signatures are compared in one place, in constant time', () => {
  const sources = readdirSync('src/access').map(
    name => [name, readFileSync(`src/access/${name}`, 'utf8')] as const,
  )
  const using = (pattern: RegExp) => sources.filter(([, text]) => pattern.test(text)).map(([name]) => name)
  expect(using(/createHmac|timingSafeEqual/)).toEqual(['keys.ts'])
  expect(using(/signature\s*[!=]==|[!=]==\s*signature/i)).toEqual([])
  expect(using(/\.sign\([^)]*\)\s*[!=]==/)).toEqual([])
})
