import { describe, expect, it } from 'vitest'
import type { AuthVersion } from '../../src/access/decision.js'
import { buildFlowExtras, type FlowTarget, hasProbe, listAuthVersions } from '../../src/access/flow-extras.js'
import { type FlowOptions, resolveFlow } from '../../src/access/flow-options.js'
import { buildInfo, type InfoDocument } from '../../src/protocol/info.js'
import { noLimits } from '../../src/protocol/limits.js'
import type { ImageApiVersion } from '../../src/protocol/version.js'
import { address, flowOptions, type Reader } from './site.js'

const flow = resolveFlow(flowOptions)
const facts = { width: 600, height: 400, isGray: false }
const settings = { limits: noLimits, formats: ['jpg'], qualities: ['default'] } as const

function buildDocument(
  version: ImageApiVersion,
  authVersions: readonly AuthVersion[],
  target: Partial<FlowTarget> = {},
): InfoDocument & { service?: InfoDocument[] } {
  const identifier = 'a%2Fb'
  const extras = buildFlowExtras(flow, {
    version,
    address,
    identifier,
    authVersions,
    hasProbe: true,
    ...target,
  })
  return buildInfo(
    version,
    `https://images.example.org/iiif/${version}/${identifier}`,
    facts,
    settings,
    extras,
  )
}

const types = (document: InfoDocument & { service?: InfoDocument[] }) =>
  document.service?.map(service => service.type ?? service['@type'])

describe('what info.json tells of the flow', () => {
  it('in version 3, the context comes before that of the Image API and not in the service', () => {
    const document = buildDocument(3, [2])
    expect(document['@context']).toEqual([
      'http://iiif.io/api/auth/2/context.json',
      'http://iiif.io/api/image/3/context.json',
    ])
    expect(types(document)).toEqual(['AuthProbeService2'])
    expect(JSON.stringify(document.service)).not.toContain('@context')
    expect(document.service?.[0]?.id).toBe('https://images.example.org/iiif/auth/2/probe/3/a%2Fb')
  })

  it('in version 2, services have contexts of their own', () => {
    const document = buildDocument(2, [2, 1])
    expect(document['@context']).toBe('http://iiif.io/api/image/2/context.json')
    expect(types(document)).toEqual(['AuthProbeService2', 'AuthCookieService1'])
    expect(document.service?.map(service => service['@context'])).toEqual([
      'http://iiif.io/api/auth/2/context.json',
      'http://iiif.io/api/auth/1/context.json',
    ])
    expect(document.service?.[0]?.id).toBe('https://images.example.org/iiif/auth/2/probe/2/a%2Fb')
  })

  it('are the services that are wanted, and no context without its service', () => {
    expect(types(buildDocument(3, [1]))).toEqual(['AuthCookieService1'])
    expect(buildDocument(3, [1])['@context']).toBe('http://iiif.io/api/image/3/context.json')
    expect(types(buildDocument(3, [1, 2]))).toEqual(['AuthProbeService2', 'AuthCookieService1'])
    expect(buildDocument(3, [])).not.toHaveProperty('service')
  })

  it('where there is no probe, those of version 1 stay', () => {
    expect(types(buildDocument(3, [1, 2], { hasProbe: false }))).toEqual(['AuthCookieService1'])
    expect(buildDocument(3, [2], { hasProbe: false })).toEqual(buildDocument(3, []))
  })
})

describe('hasProbe', () => {
  const tiers = { names: ['public', 'press', 'staff'] }
  const serve = { kind: 'serve', shared: false } as const
  const substitute = { kind: 'substitute', variant: { identifier: 'a' } } as const
  const half = { numerator: 1, denominator: 2 }

  it('is false for what is substituted and given, true for all that may be denied', () => {
    expect(hasProbe({ identifier: 'a' }, tiers, serve)).toBe(true)
    expect(hasProbe({ identifier: 'a', tier: 'press' }, tiers, serve)).toBe(true)
    expect(hasProbe({ identifier: 'a', tier: 'public' }, tiers, serve)).toBe(false)
    expect(hasProbe({ identifier: 'a', tier: 'public' }, tiers, substitute)).toBe(true)
    expect(hasProbe({ identifier: 'a', scale: half }, tiers, serve)).toBe(false)
    expect(hasProbe({ identifier: 'a' }, { names: [] }, serve)).toBe(true)
  })
})

describe('listAuthVersions', () => {
  const known = (protects: FlowOptions<Reader>['protects']) => ({
    flow: resolveFlow({ ...flowOptions, ...(protects && { protects }) }),
    timeoutMs: 20,
  })

  it('is empty without a flow, and for images that are left out of it', async () => {
    expect(await listAuthVersions({ flow: undefined, timeoutMs: 20 }, 3, 'cats')).toEqual([])
    const some = known(async identifier => identifier !== 'cats')
    expect(await listAuthVersions(some, 3, 'cats')).toEqual([])
    expect(await listAuthVersions(some, 3, 'dogs')).toEqual([2])
    expect(await listAuthVersions(some, 2, 'dogs')).toEqual([1])
  })

  it.each<[string, FlowOptions<Reader>['protects']]>([
    [
      'throws',
      () => {
        throw new Error('no database')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no database'))],
    ['never answers', () => new Promise(() => {})],
  ])('takes an image for protected where the application %s', async (_, protects) => {
    expect(await listAuthVersions(known(protects), 3, 'cats')).toEqual([2])
  })
})
