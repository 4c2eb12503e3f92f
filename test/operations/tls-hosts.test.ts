// Which certificate belongs to the name of a host.
import { describe, expect, it } from 'vitest'
import { createHostTable } from '../../src/operations/tls-hosts.js'

const names = [
  'images.example.org',
  '*.example.org',
  '*.deep.example.org',
  'localhost',
  'xn--bcher-kva.example',
]
const find = createHostTable(names.map(name => ({ name })))

describe('the certificate for', () => {
  it.each([
    ['images.example.org', 'images.example.org'],
    ['IMAGES.Example.ORG', 'images.example.org'],
    ['other.example.org', '*.example.org'],
    ['a.deep.example.org', '*.deep.example.org'],
    ['deep.example.org', '*.example.org'],
    ['localhost', 'localhost'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    // One word more, neither none nor two.
    ['example.org', undefined],
    ['a.b.example.org', undefined],
    ['a.images.example.org', undefined],
    ['example.com', undefined],
    ['evil-example.org', undefined],
    ['images.example.org.evil.example', undefined],
    ['.example.org', undefined],
    ['*.example.org', '*.example.org'],
    ['', undefined],
    ['.', undefined],
    ['constructor', undefined],
  ])('%j is that of %j', (asked, found) => {
    expect(find(asked)?.name).toBe(found)
  })
})

describe('hosts', () => {
  it.each([
    '',
    '*',
    '*.',
    'a..b',
    'bücher.example',
    'a b',
    'a.example.org.',
    '.example.org',
    'a.*.org',
    'a*.example.org',
    '-a.example',
    '10.0.0.1:443',
    'https://a.example',
    `${'a.'.repeat(130)}example`,
  ])('are refused that are no names: %j', name => {
    expect(() => createHostTable([{ name }])).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringMatching(/^hosts: expected names/),
      }),
    )
  })

  it('are refused that are there twice', () => {
    expect(() => createHostTable([{ name: 'a.example' }, { name: 'A.example' }])).toThrow(
      'hosts: "a.example" is there twice',
    )
  })
})
