import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Keys, SigningKey } from '../../src/access/keys.js'
import { createSignatureVerifier, signRequest } from '../../src/access/signature.js'
import { BadRequestError } from '../../src/errors.js'
import { formatIdentifier } from '../../src/protocol/identifier.js'
import * as any from '../protocol/arbitraries.js'

const secret = 'a secret of more than thirty-two bytes'
const first: SigningKey = { id: '2026', secret }
const second: SigningKey = { id: '2027', secret: 'another secret of more than thirty-two bytes' }
const start = 1_700_000_000
const expires = start + 60
const path = '/iiif/3/cats/0,0,512,512/max/0/default.jpg'

const verifierOf = (keys: Keys, seconds = start) =>
  createSignatureVerifier(keys, { now: () => seconds * 1000 })
const verify = verifierOf(secret)
const sign = (url: string) => signRequest(url, { keys: secret, expires })

describe('signRequest', () => {
  it('adds when it expires, which key has signed, and the signature', () => {
    expect(sign(path)).toMatch(
      /^\/iiif\/3\/cats\/0,0,512,512\/max\/0\/default\.jpg\?expires=1700000060&key=default&signature=[\w-]{43}$/,
    )
  })

  it('takes a date, and whole seconds of it', () => {
    expect(signRequest(path, { keys: secret, expires: new Date(expires * 1000 + 999) })).toBe(sign(path))
  })

  it('leaves other arguments where they are', () => {
    expect(sign(`${path}?page=2`)).toContain('default.jpg?page=2&expires=')
  })

  it.each<[expires: Date | number]>([[Number.NaN], [-1], [Infinity], [new Date('none')]])(
    'refuses to expire at %s',
    wrong => {
      expect(() => signRequest(path, { keys: secret, expires: wrong })).toThrow(TypeError)
    },
  )

  it('refuses a path that no server would understand, and keys that are none', () => {
    expect(() => sign('/iiif/3/%zz/full/max/0/default.jpg')).toThrow(BadRequestError)
    expect(() => signRequest(path, { keys: 'short', expires })).toThrow(/^keys:/)
  })
})

describe('verifying a signature', () => {
  it('finds what was signed valid, and tells until when', () => {
    expect(verify(sign(path))).toEqual({ kind: 'valid', expires })
    expect(verify(`${sign(path)}#fragment`)).toEqual({ kind: 'valid', expires })
  })

  it('finds a URL without any of the arguments unsigned', () => {
    expect(verify(path)).toEqual({ kind: 'unsigned' })
    expect(verify(`${path}?page=2`)).toEqual({ kind: 'unsigned' })
    expect(verify(`${path}?#signature=x`)).toEqual({ kind: 'unsigned' })
  })

  it.each<[seconds: number, kind: string]>([
    [expires - 1, 'valid'],
    [expires - 0.001, 'valid'],
    [expires, 'expired'],
    [expires + 1, 'expired'],
  ])('at %d s is %s', (seconds, kind) => {
    expect(verifierOf(secret, seconds)(sign(path)).kind).toBe(kind)
  })

  it('takes a signature of the canonical path for every spelling of the request', () => {
    const canonical = '/iiif/3/cats/full/max/0/default.jpg'
    const query = sign(canonical).slice(canonical.length)
    const asked = `/iiif/3/cats/pct:0,0,100,100/^max/360/color.jpg${query}`
    expect(verify(asked, canonical)).toEqual({ kind: 'valid', expires })
    expect(verify(asked)).toEqual({ kind: 'invalid' })
    expect(verify(asked, '/iiif/3/dogs/full/max/0/default.jpg')).toEqual({ kind: 'invalid' })
  })

  it('takes a signature of the path as it was asked for, whatever its canonical form', () => {
    expect(verify(sign(path), '/iiif/3/cats/full/max/0/default.jpg').kind).toBe('valid')
  })

  it.each([
    '/iiif/3/cats/0%2C0%2c512,512/max/0/default.jpg',
    '/iiif/3/c%61ts/0,0,512,512/max/0/default.jpg',
    '/iiif/3/cats/0,0,512,512/max/0/default%2Ejpg',
  ])('does not mind needless encoding: %s', spelling => {
    expect(verify(spelling + sign(path).slice(path.length)).kind).toBe('valid')
  })

  it.each<[change: string, (url: string) => string]>([
    ['another identifier', url => url.replace('cats', 'dogs')],
    ['another size', url => url.replace('/max/', '/200,/')],
    ['another version', url => url.replace('/3/', '/2/')],
    ['a slash more', url => url.replace('/cats/', '/cats//')],
    ['an encoded slash', url => url.replace('/cats/', '/cats%2F')],
    ['an encoding that is none', url => url.replace('cats', 'cats%zz')],
    ['a later time', url => url.replace(`expires=${expires}`, `expires=${expires + 1}`)],
    ['a time with a zero before it', url => url.replace('expires=', 'expires=0')],
    ['a time that is none', url => url.replace(`expires=${expires}`, 'expires=soon')],
    ['a time beyond all numbers', url => url.replace(`expires=${expires}`, `expires=${'9'.repeat(400)}`)],
    ['no time', url => url.replace(`expires=${expires}&`, '')],
    ['another key', url => url.replace('key=default', 'key=other')],
    ['no key', url => url.replace('key=default&', '')],
    ['no signature', url => url.replace(/&signature=.*$/, '')],
    ['an empty signature', url => url.replace(/signature=.*$/, 'signature=')],
    ['a signature of another case', url => url.replace(/signature=.*$/, text => text.toUpperCase())],
    ['its signature cut', url => url.slice(0, -1)],
    ['its signature twice', url => `${url}&signature=x`],
    ['its time twice', url => `${url}&expires=9999999999`],
    ['its key twice', url => `${url}&key=default`],
    ['another argument', url => `${url}&page=2`],
    ['another argument in front', url => url.replace('?', '?page=2&')],
  ])('with %s is invalid', (_, change) => {
    const url = change(sign(path))
    expect(url).not.toBe(sign(path))
    expect(verify(url)).toEqual({ kind: 'invalid' })
  })

  it('covers all other arguments, in any order', () => {
    const url = sign(`${path}?page=2&response-content-disposition=attachment`)
    expect(verify(url).kind).toBe('valid')
    const [, query = ''] = url.split('?')
    expect(verify(`${path}?${query.split('&').reverse().join('&')}`).kind).toBe('valid')
    expect(verify(url.replace('page=2', 'page=3'))).toEqual({ kind: 'invalid' })
    expect(verify(url.replace('page=2&', ''))).toEqual({ kind: 'invalid' })
    expect(verify(url.replace('page=2', 'page=2&page=2'))).toEqual({ kind: 'invalid' })
  })

  it('keeps paths and arguments apart: what one says cannot be said by the other', () => {
    const tricky = '/iiif/3/a%3Fpage=2/full/max/0/default.jpg'
    const url = sign(tricky)
    expect(verify(url).kind).toBe('valid')
    expect(
      verify(url.replace('a%3Fpage=2/full/max/0/default.jpg?', 'a?page=2/full/max/0/default.jpg&')).kind,
    ).toBe('invalid')
  })

  it('takes the signatures of all its keys and makes them with the first', () => {
    const old = signRequest(path, { keys: first, expires })
    const both = [second, first]
    expect(verifierOf(both)(old).kind).toBe('valid')
    expect(verifierOf(second)(old).kind).toBe('invalid')
    expect(signRequest(path, { keys: both, expires })).toContain('key=2027')
    expect(verifierOf([{ id: '2026', secret: second.secret }])(old).kind).toBe('invalid')
  })

  it('of one identifier is good for no other', () => {
    const pathOf = (identifier: string) => `/iiif/3/${formatIdentifier(identifier)}/full/max/0/default.jpg`
    fc.assert(
      fc.property(any.identifier, any.identifier, (one, two) => {
        const query = sign(pathOf(one)).slice(pathOf(one).length)
        expect(verify(pathOf(two) + query).kind).toBe(one === two ? 'valid' : 'invalid')
      }),
      { numRuns: 500 },
    )
  })

  it('throws at nothing, and finds no noise valid', () => {
    const piece = fc.constantFrom(
      '/',
      'cats',
      '?',
      '&',
      '%',
      '#',
      '=',
      'expires=9',
      'key=default',
      'signature=',
    )
    const noise = fc.oneof(
      fc.string(),
      fc.array(piece).map(pieces => pieces.join('')),
    )
    fc.assert(
      fc.property(noise, fc.option(noise), (url, canonical) => {
        expect(verify(url, canonical ?? undefined).kind).not.toBe('valid')
      }),
      { numRuns: 1000 },
    )
  })
})
