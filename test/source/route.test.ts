import { describe, expect, it } from 'vitest'
import type { SourceResolver } from '../../src/contracts.js'
import { bytesSource } from '../../src/source/bytes.js'
import { firstOf } from '../../src/source/chain.js'
import { routeByPrefix } from '../../src/source/route.js'

/** Tells by its version who was asked, and for what. */
const named =
  (name: string): SourceResolver =>
  identifier =>
    bytesSource(Uint8Array.of(1), { version: `${name}:${identifier}` })

const ask = async (resolver: SourceResolver, identifier: string): Promise<unknown> => {
  const answer = await resolver(identifier, {})
  return answer && 'version' in answer ? answer.version : answer
}

describe('a route by prefix', () => {
  const routes = { a: named('a'), 'a/b/': named('ab'), 'loc:': named('loc') }

  it.each([
    ['a1', 'a:1'],
    ['a/b/c', 'ab:c'],
    ['a/bc', 'a:/bc'],
    ['loc:', 'loc:'],
    ['LOC:1', undefined],
    ['', undefined],
  ])('gives %j to %s', async (identifier, version) => {
    expect(await ask(routeByPrefix(routes), identifier)).toBe(version)
  })

  it('keeps the prefix where that is wanted', async () => {
    expect(await ask(routeByPrefix(routes, { keepPrefix: true }), 'loc:1')).toBe('loc:loc:1')
  })

  it('takes everything with the empty prefix, and chains without it', async () => {
    expect(await ask(routeByPrefix({ x: named('x'), '': named('rest') }), 'y')).toBe('rest:y')
    expect(await ask(firstOf(routeByPrefix(routes), named('next')), 'y')).toBe('next:y')
  })

  it('hands on redirects and refusals', async () => {
    const moved = { kind: 'redirect', status: 301, location: 'https://a.example/' } as const
    const gone = { kind: 'refusal', status: 410 } as const
    const resolver = routeByPrefix<typeof moved | typeof gone>({ m: () => moved, g: () => gone })
    expect(
      await ask(
        firstOf<typeof moved | typeof gone>(resolver, () => undefined),
        'm',
      ),
    ).toBe(moved)
    expect(await ask(resolver, 'g')).toBe(gone)
  })

  it('refuses what is no route', () => {
    expect(() => routeByPrefix({})).toThrow(/^routes: /)
    expect(() => routeByPrefix({ a: 1 as unknown as SourceResolver })).toThrow(/^routes: /)
    expect(() => routeByPrefix(routes, { keepPrefix: 1 as unknown as boolean })).toThrow(/^keepPrefix: /)
  })
})
