import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolveKeys, type SigningKey } from '../../src/access/keys.js'
import { createTokenBox, type JsonValue, type TokenBoxOptions } from '../../src/access/token.js'

const secret = 'a secret of more than thirty-two bytes'
const first: SigningKey = { id: '2026', secret }
const second: SigningKey = { id: '2027', secret: 'another secret of more than thirty-two bytes' }
const start = 1_700_000_000

function createBox(keys: readonly SigningKey[] = [first], options: Partial<TokenBoxOptions> = {}) {
  return createTokenBox(resolveKeys(keys, 'keys'), { audience: 'test', now: () => start * 1000, ...options })
}

const valid = { user: { id: 'ada' }, expires: start + 60 }

describe('a token', () => {
  it('says what it was made to say', () => {
    const box = createBox()
    expect(box.open(box.seal(valid))).toEqual({ kind: 'valid', claims: valid })
  })

  it('carries any user that JSON can hold', () => {
    const box = createBox()
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), user => {
        // What is not a number in JSON either.
        const plain = JSON.parse(JSON.stringify(user)) as JsonValue
        const opened = box.open(box.seal({ user: plain, expires: start + 1 }))
        expect(opened).toEqual({ kind: 'valid', claims: { user: plain, expires: start + 1 } })
      }),
    )
  })

  it('shows nothing of its user, not even that two tokens are about one', () => {
    const box = createBox()
    const [one, two] = [
      box.seal({ ...valid, user: 'ada@example.org' }),
      box.seal({ ...valid, user: 'ada@example.org' }),
    ]
    for (const part of one.split('.')) {
      expect(part).not.toContain('ada')
      expect(Buffer.from(part, 'base64url').toString('latin1')).not.toContain('ada')
    }
    expect(one).not.toBe(two)
  })

  it('is fit for a cookie and for a bearer', () => {
    expect(createBox().seal(valid)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  it('that would be too long for a cookie is not made', () => {
    expect(() => createBox().seal({ ...valid, user: 'x'.repeat(4_000) })).toThrow(RangeError)
  })

  it.each<[milliseconds: number, kind: string]>([
    [(start + 60) * 1000 - 1, 'valid'],
    [(start + 60) * 1000, 'expired'],
    [(start + 60) * 1000 + 1, 'expired'],
    [0, 'valid'],
  ])('that expires at 60 s is, at %d ms, %s', (now, kind) => {
    const token = createBox().seal(valid)
    expect(createBox([first], { now: () => now }).open(token).kind).toBe(kind)
  })

  it('is good for its audience only', () => {
    const token = createBox().seal(valid)
    expect(createBox([first], { audience: 'other' }).open(token)).toEqual({ kind: 'invalid' })
  })

  it('may be good for some identifiers only', () => {
    const box = createBox()
    const token = box.seal({ ...valid, identifiers: ['cats', 'dogs'] })
    expect(box.open(token, 'cats').kind).toBe('valid')
    expect(box.open(token, 'birds').kind).toBe('invalid')
    expect(box.open(token).kind).toBe('valid')
    expect(box.open(box.seal({ ...valid, identifiers: [] }), 'cats').kind).toBe('invalid')
    expect(box.open(box.seal(valid), 'birds').kind).toBe('valid')
  })

  it('of a key that signs no more is good for as long as the key is known', () => {
    const token = createBox([first]).seal(valid)
    expect(createBox([second, first]).open(token).kind).toBe('valid')
    expect(createBox([second]).open(token).kind).toBe('invalid')
    expect(createBox([second, first]).seal(valid)).toMatch(/^2027\./)
  })

  it('of another secret by the same name is none', () => {
    const token = createBox([first]).seal(valid)
    expect(createBox([{ id: '2026', secret: second.secret }]).open(token).kind).toBe('invalid')
  })

  it('that was changed anywhere is none', () => {
    const box = createBox()
    const token = box.seal(valid)
    for (let index = 0; index < token.length; index += 1) {
      for (const character of ['A', 'b', '-', '.', '']) {
        const changed = token.slice(0, index) + character + token.slice(index + 1)
        if (changed !== token) expect(box.open(changed), changed).toEqual({ kind: 'invalid' })
      }
    }
  })

  it('that was put together of two is none', () => {
    const box = createBox([first, second])
    const [one, two] = [box.seal(valid), createBox([second]).seal({ ...valid, user: { id: 'eve' } })]
    const [oneParts, twoParts] = [one.split('.'), two.split('.')]
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), choice => {
        const mixed = choice.map((which, index) => (which ? oneParts : twoParts)[index]).join('.')
        if (mixed !== one && mixed !== two) expect(box.open(mixed)).toEqual({ kind: 'invalid' })
      }),
    )
  })

  it('is none, whatever else comes', () => {
    const box = createBox()
    const texts = ['', '.', '..', '2026..', `2026.${'A'.repeat(24)}.${'A'.repeat(43)}`, 'x'.repeat(1e6)]
    for (const text of texts) expect(box.open(text)).toEqual({ kind: 'invalid' })
    fc.assert(
      fc.property(fc.string(), text => {
        expect(box.open(text)).toEqual({ kind: 'invalid' })
      }),
      { numRuns: 1000 },
    )
  })

  it('that was signed by us and says nothing is none', () => {
    const box = createBox()
    for (const claims of [{}, { user: 1 }, { expires: 1e12 }, { user: 1, expires: '9e9' }, null, []]) {
      expect(box.open(box.seal(claims as never))).toEqual({ kind: 'invalid' })
    }
  })
})
