import { describe, expect, it } from 'vitest'
import { type FlowOptions, resolveFlow } from '../../src/access/flow-options.js'
import type { AccessServiceOptions } from '../../src/access/service-options.js'
import { flowOptions, type Reader, secret } from './site.js'

const active = flowOptions.services[0] as AccessServiceOptions<Reader>
const login = () => {
  throw new Error('not called')
}

describe('resolveFlow', () => {
  it('has what is needed where little is said', () => {
    expect(resolveFlow({ keys: secret, services: [active] })).toMatchObject({
      prefix: '/iiif/auth',
      publicPrefix: '/iiif/auth',
      versions: { 2: [1], 3: [2] },
      token: { seconds: 300 },
      cookie: { name: 'honeydew', seconds: 3600 },
      services: [{ profile: 'active', name: 'active', login: { kind: 'page' } }],
    })
  })

  it('takes all that is said', () => {
    const flow = resolveFlow({
      ...flowOptions,
      prefix: '/auth',
      publicPrefix: '/public/auth',
      versions: { 2: [], 3: [1, 2] },
      tokenSeconds: 60,
      cookie: { name: 'reader', seconds: 600, domain: 'example.org' },
      errorHeading: 'No',
      errorNote: 'Sorry',
      services: [
        { profile: 'external', label: 'On site' },
        { profile: 'kiosk', name: 'gallery', login, label: 'Gallery' },
        { profile: 'active', name: 'terms', login, confirm: true, label: 'Terms', confirmLabel: 'I agree' },
      ],
    })
    expect(flow).toMatchObject({
      prefix: '/auth',
      publicPrefix: '/public/auth',
      versions: { 2: [], 3: [1, 2] },
      token: { seconds: 60 },
      cookie: { name: 'reader', seconds: 600, domain: 'example.org' },
      errorHeading: { none: ['No'] },
      errorNote: { none: ['Sorry'] },
      services: [
        { profile: 'external', name: 'external', login: undefined },
        { profile: 'kiosk', name: 'gallery', login: { kind: 'function', confirm: false } },
        { profile: 'active', name: 'terms', login: { kind: 'function', confirm: true } },
      ],
    })
  })

  const one = (service: unknown): Partial<FlowOptions> => ({ services: [service as AccessServiceOptions] })

  it.each<[options: Record<string, unknown>, name: string]>([
    [{ keys: 'short' }, 'flow.keys'],
    [{ keys: undefined }, 'flow.keys'],
    [{ prefix: 'iiif' }, 'flow.prefix'],
    [{ prefix: '' }, 'flow.prefix'],
    [{ prefix: '/a b' }, 'flow.prefix'],
    [{ publicPrefix: '/a"b' }, 'flow.publicPrefix'],
    [{ versions: { 3: [3] } }, 'flow.versions[3]'],
    [{ versions: { 2: 1 } }, 'flow.versions[2]'],
    [{ origins: 'https://a.example' }, 'flow.origins'],
    [{ tokenSeconds: 0 }, 'flow.tokenSeconds'],
    [{ tokenSeconds: 1.5 }, 'flow.tokenSeconds'],
    [{ cookie: { seconds: -1 } }, 'flow.cookie.seconds'],
    [{ cookie: { name: 'a b' } }, 'flow.cookie.name'],
    [{ cookie: { domain: 'example.org; Secure' } }, 'flow.cookie.domain'],
    [{ errorNote: 'Sorry' }, 'flow.errorNote'],
    [{ services: [] }, 'flow.services'],
    [{ services: undefined }, 'flow.services'],
    [{ services: [active, active] }, 'flow.services'],
    [one({ ...active, profile: 'login' }), 'flow.services[0].profile'],
    [one({ ...active, name: 'a/b' }), 'flow.services[0].name'],
    [one({ ...active, label: undefined }), 'flow.services[0].label'],
    [one({ ...active, heading: {} }), 'flow.services[0].heading'],
    [one({ ...active, errorNote: 'x' }), 'flow.services[0].errorNote'],
    [one({ ...active, login: undefined }), 'flow.services[0].login'],
    [one({ ...active, login: '/login' }), 'flow.services[0].login'],
    [one({ ...active, login: 'javascript:alert(1)' }), 'flow.services[0].login'],
    [one({ ...active, confirm: true }), 'flow.services[0].confirm'],
    [one({ ...active, profile: 'kiosk', login, confirm: true }), 'flow.services[0].confirm'],
    [one({ ...active, profile: 'external' }), 'flow.services[0].login'],
    [one({ ...active, logout: { label: 7 } }), 'flow.services[0].logout.label'],
    [one({ ...active, logout: { label: 'x', uri: 'nowhere' } }), 'flow.services[0].logout.uri'],
  ])('refuses %j and names %s', (options, name) => {
    const resolve = () => resolveFlow({ ...flowOptions, ...options } as never)
    expect(resolve).toThrow(TypeError)
    expect(resolve).toThrow(`${name}`)
  })
})
