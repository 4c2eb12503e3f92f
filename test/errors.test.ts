import { describe, expect, it } from 'vitest'
import { AccessError, buildUnknownImage, isFieldValue, isIIIFError } from '../src/errors.js'

describe('AccessError', () => {
  it('of 401 has a challenge, always', () => {
    const { headers } = new AccessError(401, 'unauthorized', 'x')
    expect(headers).toEqual({ 'WWW-Authenticate': 'Bearer', 'Cache-Control': 'private, no-store' })
  })

  it.each(['Basic realm="a b"', 'Bearer', 'Digest realm="x", nonce="y"'])(
    'takes the challenge %s',
    challenge => {
      expect(new AccessError(401, 'unauthorized', 'x', { challenge }).headers['WWW-Authenticate']).toBe(
        challenge,
      )
    },
  )

  it.each(['Basic\r\nSet-Cookie: a=b', 'Basic\n', 'Basic realm="ü"', ' Basic', 'Basic ', '', '\0', '\u0085'])(
    'takes no challenge that would be more than one: %j',
    challenge => {
      expect(new AccessError(401, 'unauthorized', 'x', { challenge }).headers['WWW-Authenticate']).toBe(
        'Bearer',
      )
    },
  )

  it('of 403 has none', () => {
    const error = new AccessError(403, 'access-denied', 'x', { challenge: 'Basic', cause: 'y' })
    expect(error.headers).toEqual({ 'Cache-Control': 'private, no-store' })
    expect(error.cause).toBe('y')
    expect(error.name).toBe('AccessError')
    expect(isIIIFError(error)).toBe(true)
  })
})

it('an image that is not known is not found', () => {
  expect(buildUnknownImage()).toMatchObject({ status: 404, code: 'not-found' })
})

it('no value of a header but a text', () => {
  expect([undefined, null, 7, ['Basic'], {}].map(isFieldValue)).toEqual([false, false, false, false, false])
})
