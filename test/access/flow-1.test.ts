import { describe, expect, it } from 'vitest'
import { buildCookieServices, buildTokenObject, resolveTokenStatus } from '../../src/access/flow-1.js'
import type { TokenErrorProfile } from '../../src/access/flow-2.js'
import { resolveFlow } from '../../src/access/flow-options.js'
import { address, flowOptions } from './site.js'

const login = () => {
  throw new Error('not called')
}

describe('the services of the Authentication API 1.0', () => {
  it('are those of its example, each property by its older name', () => {
    const flow = resolveFlow({
      ...flowOptions,
      services: [
        {
          profile: 'active',
          login: 'https://auth.example.org/login',
          label: { de: ['Anmelden'], en: ['Login to Example Institution'] },
          heading: 'Please Log In',
          note: 'Example Institution requires that you log in.',
          confirmLabel: 'Login',
          errorHeading: 'Authentication Failed',
          errorNote: 'Call us.',
          logout: { label: 'Logout from Example Institution' },
        },
      ],
    })
    expect(buildCookieServices(flow, address)).toEqual([
      {
        '@context': 'http://iiif.io/api/auth/1/context.json',
        '@id': 'https://auth.example.org/login',
        '@type': 'AuthCookieService1',
        profile: 'http://iiif.io/api/auth/1/login',
        label: 'Login to Example Institution',
        header: 'Please Log In',
        description: 'Example Institution requires that you log in.',
        confirmLabel: 'Login',
        failureHeader: 'Authentication Failed',
        failureDescription: 'Call us.',
        service: [
          {
            '@id': 'https://images.example.org/iiif/auth/1/token',
            '@type': 'AuthTokenService1',
            profile: 'http://iiif.io/api/auth/1/token',
          },
          {
            '@id': 'https://images.example.org/iiif/auth/1/logout',
            '@type': 'AuthLogoutService1',
            profile: 'http://iiif.io/api/auth/1/logout',
            label: 'Logout from Example Institution',
          },
        ],
      },
    ])
  })

  it('call each pattern by its profile', () => {
    const flow = resolveFlow({
      ...flowOptions,
      services: [
        { profile: 'external', label: 'On site' },
        { profile: 'kiosk', login, label: 'Gallery' },
        { profile: 'active', login, label: 'Sign in' },
        { profile: 'active', name: 'terms', login, confirm: true, label: 'Terms' },
      ],
    })
    expect(buildCookieServices(flow, address)).toMatchObject([
      { profile: 'http://iiif.io/api/auth/1/external' },
      {
        profile: 'http://iiif.io/api/auth/1/kiosk',
        '@id': 'https://images.example.org/iiif/auth/1/access/kiosk',
      },
      {
        profile: 'http://iiif.io/api/auth/1/login',
        '@id': 'https://images.example.org/iiif/auth/1/access/active',
      },
      {
        profile: 'http://iiif.io/api/auth/1/clickthrough',
        '@id': 'https://images.example.org/iiif/auth/1/access/terms',
      },
    ])
  })
})

describe('the answers of its token service', () => {
  it('have a messageId where there was one', () => {
    const answer = { kind: 'token', token: 'x', seconds: 60 } as const
    expect(buildTokenObject(answer)).toEqual({ accessToken: 'x', expiresIn: 60 })
    expect(buildTokenObject(answer, '1')).toEqual({ accessToken: 'x', expiresIn: 60, messageId: '1' })
  })

  it.each<[profile: TokenErrorProfile, error: string, status: number]>([
    ['invalidRequest', 'invalidRequest', 400],
    ['invalidOrigin', 'invalidOrigin', 403],
    ['missingAspect', 'missingCredentials', 401],
    ['invalidAspect', 'invalidCredentials', 401],
    ['expiredAspect', 'invalidCredentials', 401],
    ['unavailable', 'unavailable', 503],
  ])('call %s %s, with the status %d', (profile, error, status) => {
    const answer = { kind: 'error', profile, note: 'Why.' } as const
    expect(buildTokenObject(answer, '1')).toEqual({ error, description: 'Why.', messageId: '1' })
    expect(resolveTokenStatus(answer)).toBe(status)
  })

  it('are 200 where there is a token', () => {
    expect(resolveTokenStatus({ kind: 'token', token: 'x', seconds: 1 })).toBe(200)
  })
})
