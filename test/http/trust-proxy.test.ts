import { describe, expect, it } from 'vitest'
import { createTrust, parseAddress, type TrustProxy } from '../../src/http/trust-proxy.js'

describe('trustProxy', () => {
  it.each<[TrustProxy, string[], string[]]>([
    [['loopback'], ['127.0.0.1', '127.255.0.9', '::1'], ['128.0.0.1', '::2', '10.0.0.1']],
    [['linklocal'], ['169.254.3.4', 'fe80::1', 'febf::1'], ['169.253.0.1', 'fec0::1']],
    [
      ['uniquelocal'],
      ['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.9.9', 'fc00::1', 'fdff::1'],
      ['11.0.0.1', '172.32.0.1', '192.169.0.1', 'fe00::1', '127.0.0.1'],
    ],
    [['192.0.2.1'], ['192.0.2.1'], ['192.0.2.2']],
    [['192.0.2.77/24'], ['192.0.2.0', '192.0.2.255'], ['192.0.3.0']],
    [['2001:DB8::/32'], ['2001:db8:1::1'], ['2001:db9::1', '192.0.2.1']],
    [['::ffff:192.0.2.0/120'], ['192.0.2.9'], ['192.0.3.9']],
    [['0.0.0.0/0'], ['8.8.8.8'], ['2001:db8::1']],
    [['loopback', '192.0.2.1'], ['::1', '192.0.2.1'], ['10.0.0.1']],
    [[], [], ['127.0.0.1']],
    [false, [], ['127.0.0.1']],
    [true, ['8.8.8.8'], []],
    [address => address.startsWith('8.'), ['8.8.8.8'], ['9.9.9.9']],
  ])('%j trusts %j and not %j', (option, trusted, untrusted) => {
    const isTrusted = createTrust(option)
    expect(trusted.filter(address => !isTrusted(address))).toEqual([])
    expect(untrusted.filter(isTrusted)).toEqual([])
  })

  it('a peer without an address is trusted by true, and by a function that trusts the empty string', () => {
    expect(createTrust(['loopback'])(undefined)).toBe(false)
    expect(createTrust(true)(undefined)).toBe(true)
    expect(createTrust(address => address === '')(undefined)).toBe(true)
  })

  it('a function that gives no boolean trusts nobody', () => {
    expect(createTrust((() => 'yes') as never)('8.8.8.8')).toBe(false)
  })

  it('a list that is changed later changes nothing', () => {
    const list = ['192.0.2.1']
    const isTrusted = createTrust(list)
    list.push('192.0.2.2')
    expect(isTrusted('192.0.2.2')).toBe(false)
  })

  it.each<[unknown]>([
    ['loopback'],
    [1],
    [{}],
    [['localhost']],
    [['']],
    [['192.0.2']],
    [['192.0.2.1/33']],
    [['192.0.2.1/-1']],
    [['192.0.2.1/']],
    [['192.0.2.1/255.255.255.0']],
    [['2001:db8::/129']],
    [['::ffff:192.0.2.0/95']],
    [['fe80::1%eth0']],
    [['192.0.2.1:80']],
    [['toString']],
    [[null]],
    [[127]],
  ])('%j is refused with a TypeError that names the option', option => {
    expect(() => createTrust(option as TrustProxy)).toThrow(TypeError)
    expect(() => createTrust(option as TrustProxy)).toThrow(/^trustProxy must/)
  })
})

describe('parseAddress', () => {
  it.each<[string, string | undefined]>([
    ['192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:0:1', '0.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::', '::'],
    ['[::1]', undefined],
    ['127.1', undefined],
    ['01.2.3.4', undefined],
    ['192.0.2.1:80', undefined],
    ['localhost', undefined],
    ['', undefined],
  ])('%j is %j', (text, expected) => {
    expect(parseAddress(text)).toBe(expected)
  })
})
