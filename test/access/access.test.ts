import { describe, expect, it } from 'vitest'
import { type AccessOptions, resolveAccess } from '../../src/access/access.js'
import { allow } from '../../src/access/result.js'
import { signRequest } from '../../src/access/signature.js'
import { flowOptions, secret } from './site.js'

const authorize = () => allow()

describe('resolveAccess', () => {
  it('of nothing holds nothing back', () => {
    expect(resolveAccess({})).toMatchObject({
      authorize: undefined,
      authenticate: undefined,
      flow: undefined,
      serveOnly: undefined,
      verifySignature: undefined,
      timeoutMs: 5000,
      tiers: { names: [] },
    })
  })

  it('takes all that there is', () => {
    const access = resolveAccess({
      authorize,
      authenticate: () => undefined,
      authorizeTimeoutMs: 100,
      tiers: { public: { limits: { maxWidth: 800 } }, staff: {} },
      flow: flowOptions as never,
      serveOnly: 'signedOrGrid',
      urlKeys: secret,
    })
    expect(access.tiers.names).toEqual(['public', 'staff'])
    expect(access.flow?.prefix).toBe('/iiif/auth')
    expect(access.timeoutMs).toBe(100)
    const url = signRequest('/iiif/3/cats/full/max/0/default.jpg', { keys: secret, expires: 4_000_000_000 })
    expect(access.verifySignature?.(url).kind).toBe('valid')
    expect(access.codec.parse('cats;tier=public')).toEqual({ identifier: 'cats', tier: 'public' })
  })

  it.each<[options: object, name: string]>([
    [{ authorize: true }, 'authorize'],
    [{ authorize, authenticate: 'session' }, 'authenticate'],
    [{ authorize, authorizeTimeoutMs: 0 }, 'authorizeTimeoutMs'],
    [{ authorize, authorizeTimeoutMs: Infinity }, 'authorizeTimeoutMs'],
    [{ tiers: { public: {} } }, 'tiers'],
    [{ flow: flowOptions }, 'flow'],
    [{ authorize, flow: {} }, 'flow.keys'],
    [{ authorize, tiers: { public: { scale: '2:1' } } }, 'tiers.public.scale'],
    [{ serveOnly: 'tiles' }, 'serveOnly'],
    [{ serveOnly: 'signed' }, 'serveOnly'],
    [{ serveOnly: 'signedOrGrid' }, 'serveOnly'],
    [{ urlKeys: 'short' }, 'urlKeys'],
  ])('refuses %j and names %s', (options, name) => {
    expect(() => resolveAccess(options as AccessOptions)).toThrow(TypeError)
    expect(() => resolveAccess(options as AccessOptions)).toThrow(`${name}`)
  })
})
