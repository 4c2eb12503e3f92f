import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseOrigin, resolveOrigins } from '../../src/access/origin.js'

describe('parseOrigin', () => {
  it.each<[text: string, origin: string]>([
    ['https://client.example.org', 'https://client.example.org'],
    // Authentication API 1.0 has a slash behind it in its examples.
    ['https://client.example.org/', 'https://client.example.org'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['HTTPS://Client.Example.ORG:443', 'https://client.example.org'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ])('reads %s as %s', (text, origin) => {
    expect(parseOrigin(text)).toBe(origin)
  })

  it.each<[string | null]>([
    [null],
    [''],
    ['null'],
    ['*'],
    ['client.example.org'],
    ['//client.example.org'],
    ['https://'],
    ['https:client.example.org'],
    ['https://client.example.org/viewer'],
    ['https://client.example.org/?a'],
    ['https://client.example.org?a'],
    ['https://client.example.org#a'],
    ['https://user@client.example.org'],
    ['https://user:pass@client.example.org'],
    ['https://client.example.org@evil.example'],
    ['https://client.example.org\\@evil.example'],
    ['https://client example.org'],
    ['https://client.example.org '],
    ['https://client.example.org\n'],
    ['https://client.example.org:99999'],
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['file:///x'],
    ['chrome-extension://abc'],
    ['https://a.example,https://b.example'],
    ["https://a.example');alert(1);('"],
    ['https://a.example</script>'],
  ])('refuses %j', text => {
    expect(parseOrigin(text)).toBeUndefined()
  })

  it('gives nothing but origins, whatever comes', () => {
    const piece = fc.constantFrom(
      'https:',
      'http:',
      '/',
      '//',
      '@',
      '\\',
      ':',
      '.',
      'a.example',
      '80',
      '?',
      '#',
      '[::1]',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map(pieces => pieces.join('')),
        ),
        text => {
          const origin = parseOrigin(text)
          if (origin !== undefined) expect(new URL(origin).origin).toBe(origin)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('resolveOrigins', () => {
  it('takes everybody, a list, or what a function says', async () => {
    expect(resolveOrigins('*', 'o')('https://a.example')).toBe(true)
    const listed = resolveOrigins(['https://A.example/', 'http://b.example:8080'], 'o')
    expect(
      ['https://a.example', 'http://b.example:8080', 'http://a.example', 'https://a.example.evil'].map(
        listed,
      ),
    ).toEqual([true, true, false, false])
    await expect(resolveOrigins(async origin => origin === 'x', 'o')('x')).resolves.toBe(true)
  })

  it.each<[unknown]>([['https://a.example'], [['*']], [['a.example']], [[1]], [true], [{}]])(
    'refuses %j',
    origins => {
      expect(() => resolveOrigins(origins as never, 'flow.origins')).toThrow(/^flow\.origins:/)
    },
  )
})
