import { describe, expect, it } from 'vitest'
import {
  buildProbeResult,
  buildProbeService,
  buildTokenMessage,
  formatEndpoint,
} from '../../src/access/flow-2.js'
import { resolveFlow } from '../../src/access/flow-options.js'
import { address, flowOptions } from './site.js'

const login = () => {
  throw new Error('not called')
}

describe('the services of the Authorization Flow API 2.0', () => {
  it('are those of its example: a probe, with an access service, with a token and a logout service', () => {
    const flow = resolveFlow({
      ...flowOptions,
      services: [
        {
          profile: 'active',
          login: 'https://auth.example.org/login',
          label: { en: ['Login to Example Institution'] },
          heading: { en: ['Please Log In'] },
          note: { en: ['Example Institution requires that you log in.'] },
          confirmLabel: { en: ['Login'] },
          errorHeading: { en: ['Something went wrong'] },
          errorNote: { en: ['Could not get a token.'] },
          logout: { label: { en: ['Logout from Example Institution'] } },
        },
      ],
    })
    expect(buildProbeService(flow, address, '3/cats')).toEqual({
      id: 'https://images.example.org/iiif/auth/2/probe/3/cats',
      type: 'AuthProbeService2',
      service: [
        {
          id: 'https://auth.example.org/login',
          type: 'AuthAccessService2',
          profile: 'active',
          label: { en: ['Login to Example Institution'] },
          heading: { en: ['Please Log In'] },
          note: { en: ['Example Institution requires that you log in.'] },
          confirmLabel: { en: ['Login'] },
          service: [
            {
              id: 'https://images.example.org/iiif/auth/2/token',
              type: 'AuthAccessTokenService2',
              errorHeading: { en: ['Something went wrong'] },
              errorNote: { en: ['Could not get a token.'] },
            },
            {
              id: 'https://images.example.org/iiif/auth/2/logout',
              type: 'AuthLogoutService2',
              label: { en: ['Logout from Example Institution'] },
            },
          ],
        },
      ],
    })
  })

  it('have no id where no window is opened, and one of ours where a function tells who is there', () => {
    const flow = resolveFlow({
      ...flowOptions,
      errorHeading: 'No',
      errorNote: 'Sorry',
      services: [
        { profile: 'external', label: 'On site' },
        { profile: 'kiosk', login, label: 'Gallery' },
        {
          profile: 'active',
          name: 'terms',
          login,
          label: 'Terms',
          logout: { label: 'Leave', uri: 'https://a.example/bye' },
        },
      ],
    })
    expect(buildProbeService(flow, { origin: 'https://a.example', path: '/app' }, '3/cats')).toMatchObject({
      errorHeading: { none: ['No'] },
      errorNote: { none: ['Sorry'] },
      service: [
        { profile: 'external' },
        { profile: 'kiosk', id: 'https://a.example/app/iiif/auth/2/access/kiosk' },
        {
          profile: 'active',
          id: 'https://a.example/app/iiif/auth/2/access/terms',
          service: [{}, { id: 'https://a.example/bye' }],
        },
      ],
    })
    const [external] = buildProbeService(flow, address, '3/cats').service as object[]
    expect(external).not.toHaveProperty('id')
    expect(external).not.toHaveProperty(['service', 1])
  })

  it('have ids without a query, because clients add one', () => {
    expect(formatEndpoint({ publicPrefix: '/x/auth' }, address, '2/token')).toBe(
      'https://images.example.org/x/auth/2/token',
    )
  })
})

describe('the messages of the token service', () => {
  it('give a token', () => {
    const answer = { kind: 'token', token: 'ddc76e41', seconds: 300 } as const
    expect(buildTokenMessage(answer, 'ae3415')).toEqual({
      '@context': 'http://iiif.io/api/auth/2/context.json',
      type: 'AuthAccessToken2',
      accessToken: 'ddc76e41',
      expiresIn: 300,
      messageId: 'ae3415',
    })
  })

  it('or say why there is none, with a heading beside the note', () => {
    const answer = { kind: 'error', profile: 'missingAspect', note: 'Nobody is logged in.' } as const
    expect(buildTokenMessage(answer, '')).toEqual({
      '@context': 'http://iiif.io/api/auth/2/context.json',
      type: 'AuthAccessTokenError2',
      profile: 'missingAspect',
      heading: { en: ['No access token'] },
      note: { en: ['Nobody is logged in.'] },
      messageId: '',
    })
  })
})

describe('the result of a probe', () => {
  const base = { '@context': 'http://iiif.io/api/auth/2/context.json', type: 'AuthProbeResult2' }
  const image = { id: 'https://a.example/iiif/3/cats', type: 'ImageService3' }

  it('that is allowed says nothing but that', () => {
    expect(buildProbeResult({ status: 200, substitute: image, location: image })).toEqual({
      ...base,
      status: 200,
    })
  })

  it('that redirects has a location, and no substitute', () => {
    expect(buildProbeResult({ status: 302, substitute: image, location: image })).toEqual({
      ...base,
      status: 302,
      location: image,
    })
  })

  it('that is denied has a list of substitutes, a heading and a note, and no location', () => {
    const result = buildProbeResult({ status: 401, substitute: image, location: image })
    expect(result).toMatchObject({ ...base, status: 401, substitute: [image] })
    expect(result).not.toHaveProperty('location')
    expect(Object.keys(result)).toEqual(['@context', 'type', 'status', 'substitute', 'heading', 'note'])
  })

  it('tells what the application says; a note never comes without a heading', () => {
    const heading = { de: ['Gesperrt'] }
    const note = { de: ['bis 2030'] }
    expect(buildProbeResult({ status: 403, heading, note })).toMatchObject({ heading, note })
    expect(buildProbeResult({ status: 403, heading })).not.toHaveProperty('note')
    expect(buildProbeResult({ status: 403, note })).toMatchObject({ heading: { en: ['No access'] }, note })
    for (const status of [400, 401, 403, 404, 500, 501, 503]) {
      expect(buildProbeResult({ status })).toMatchObject({
        status,
        heading: expect.anything(),
        note: expect.anything(),
      })
    }
  })
})
