import { describe, expect, it } from 'vitest'
import { readBearer, readFacts, readField, readQuery } from '../../src/access/facts.js'
import { address, buildRequest } from './site.js'

describe('readFacts', () => {
  it('tells what the request tells, cookies read', () => {
    const native = {}
    const facts = readFacts(buildRequest('/a?b', { headers: { cookie: ['a=1', 'b=2'] }, native }), {
      ...address,
      clientAddress: '192.0.2.7',
    })
    expect(facts).toMatchObject({
      method: 'GET',
      url: '/a?b',
      native,
      clientAddress: '192.0.2.7',
      isSecure: true,
    })
    expect({ ...facts.cookies }).toEqual({ a: '1', b: '2' })
    expect(facts.cookies).toBe(facts.cookies)
  })

  it('makes no signal for those who never ask for it', () => {
    let made = 0
    const http = buildRequest('/')
    Object.defineProperty(http, 'signal', {
      get() {
        made += 1
        return AbortSignal.abort()
      },
    })
    const facts = readFacts(http, address)
    expect(made).toBe(0)
    expect(facts.signal?.aborted).toBe(true)
  })

  it('knows what is secure by the public address', () => {
    expect(readFacts(buildRequest('/'), { ...address, origin: 'http://a.example' }).isSecure).toBe(false)
  })
})

it.each<[header: string | undefined, token: string | undefined]>([
  ['Bearer abc.d-e_f~g+h/i==', 'abc.d-e_f~g+h/i=='],
  ['bearer   abc', 'abc'],
  ['BEARER abc', 'abc'],
  [' Bearer abc ', 'abc'],
  ['Bearer', undefined],
  ['Bearer ', undefined],
  ['Bearer a b', undefined],
  ['Bearer a,b', undefined],
  ['Bearer a=b', undefined],
  ['Basic abc', undefined],
  ['abc', undefined],
  ['', undefined],
  [undefined, undefined],
])('of %j the token is %j', (authorization, token) => {
  expect(readBearer({ authorization })).toBe(token)
})

it('readField joins what came more than once', () => {
  expect(readField({ a: ['1', '2'], b: '3' }, 'a')).toBe('1, 2')
  expect(readField({ a: ['1', '2'], b: '3' }, 'b')).toBe('3')
  expect(readField({}, 'c')).toBeUndefined()
})

it.each<[url: string, query: string]>([
  ['/a?b=c', 'b=c'],
  ['/a?b=c#d?e', 'b=c'],
  ['/a#b?c=d', ''],
  ['/a?b=%zz', 'b=%25zz'],
  ['/a', ''],
  ['?a=1?b', 'a=1%3Fb'],
])('of %s the query is %j', (url, query) => {
  expect(readQuery(url).toString()).toBe(query)
})
