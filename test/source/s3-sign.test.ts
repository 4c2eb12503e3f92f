import { afterEach, describe, expect, it, vi } from 'vitest'
import { createSigner, encodeKey, rememberSignatures } from '../../src/source/s3-sign.js'

describe('a signature', () => {
  it('is that of the example "GET Object" in the documentation of Amazon S3', () => {
    const sign = createSigner('us-east-1')
    const url = new URL('https://examplebucket.s3.amazonaws.com/test.txt')
    const keys = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    }
    const headers = sign({ url, headers: { range: 'bytes=0-9' } }, keys, new Date('2013-05-24T00:00:00Z'))
    expect(headers['x-amz-date']).toBe('20130524T000000Z')
    expect(headers.authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
        'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, ' +
        'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    )
  })

  it('covers the token of keys that are good for a time, and is another one on another day', () => {
    const sign = createSigner('eu-central-1')
    const request = { url: new URL('https://s3.example.org/a/b?versionId=1'), headers: {} }
    const keys = { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' }
    const first = sign(request, keys, new Date('2026-11-24T23:59:59Z'))
    const second = sign(request, keys, new Date('2026-11-25T00:00:00Z'))
    expect(first['x-amz-security-token']).toBe('c')
    expect(first.authorization).toContain('x-amz-security-token')
    expect(first.authorization).not.toBe(second.authorization)
    expect(sign(request, keys, new Date('2026-11-24T23:59:59Z'))).toEqual(first)
  })
})

describe('a signature that is remembered', () => {
  afterEach(() => void vi.useRealTimers())
  const url = new URL('https://s3.example.org/a/b')
  const keys = { accessKeyId: 'a', secretAccessKey: 'b' }

  it('is that of a request without headers, for a minute', () => {
    vi.useFakeTimers({ now: new Date('2026-11-24T12:00:00Z') })
    const sign = createSigner('eu-central-1')
    const remembered = rememberSignatures(sign)
    const first = remembered(url, keys)
    expect(first).toEqual(sign({ url, headers: {} }, keys, new Date()))
    vi.setSystemTime(new Date('2026-11-24T12:00:59Z'))
    expect(remembered(new URL(url), { ...keys })).toBe(first)
    vi.setSystemTime(new Date('2026-11-24T12:01:00Z'))
    expect(remembered(url, keys)).toEqual(sign({ url, headers: {} }, keys, new Date()))
    // A clock that was set back makes no signature good for longer.
    vi.setSystemTime(new Date('2026-11-24T11:00:00Z'))
    expect(remembered(url, keys)['x-amz-date']).toBe('20261124T110000Z')
  })

  it('is not that of another address, or of other keys', () => {
    const remembered = rememberSignatures(createSigner('eu-central-1'))
    const others: [URL, typeof keys & { sessionToken?: string }][] = [
      [url, keys],
      [new URL('https://s3.example.org/a/c'), keys],
      [new URL('https://s3.example.org/a/b?versionId=1'), keys],
      [url, { ...keys, secretAccessKey: 'c' }],
      [url, { ...keys, sessionToken: 'd' }],
      [url, { ...keys, accessKeyId: 'e' }],
    ]
    const found = others.map(([where, who]) => remembered(where, who).authorization)
    expect(new Set(found).size).toBe(others.length)
  })

  it('does not change with a record of keys that its owner changes', () => {
    const remembered = rememberSignatures(createSigner('eu-central-1'))
    const changing = { ...keys }
    const first = remembered(url, changing)
    changing.secretAccessKey = 'other'
    expect(remembered(url, changing)).not.toEqual(first)
  })
})

describe('a key in a path', () => {
  it.each([
    ['a/b c.tif', 'a/b%20c.tif'],
    ["it's (1)!*.tif", 'it%27s%20%281%29%21%2A.tif'],
    ['Grüße~_-.', 'Gr%C3%BC%C3%9Fe~_-.'],
    ['50%+=&?#', '50%25%2B%3D%26%3F%23'],
  ])('%s is %s', (key, encoded) => expect(encodeKey(key)).toBe(encoded))
})
