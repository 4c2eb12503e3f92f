import { describe, expect, it } from 'vitest'
import {
  type AuthVersion,
  type Decision,
  decide,
  type Outcome,
  planImage,
  planInfo,
} from '../../src/access/decision.js'
import { type AuthorizeResult, allow, deny, redirect, scale, tier } from '../../src/access/result.js'
import { resolveTiers } from '../../src/access/tiers.js'
import type { Variant } from '../../src/access/variant.js'
import { type AccessError, buildUnknownImage, NotFoundError } from '../../src/errors.js'
import { fullScale, type Scale } from '../../src/protocol/scale.js'

const tiers = resolveTiers({ public: { shared: true }, press: {}, staff: {} })
const none = resolveTiers()
const half = { numerator: 1, denominator: 2 }
const quarter = { numerator: 1, denominator: 4 }

const serve = (shared = false): Decision => ({ kind: 'serve', shared })
const serveScale = (scale: Scale): Decision => ({ kind: 'serve', shared: false, scale })
const instead = (variant: Omit<Variant, 'identifier'>): Decision => ({
  kind: 'substitute',
  variant: { identifier: 'cats', ...variant },
})

describe('decide', () => {
  it.each<[result: AuthorizeResult, asked: Omit<Variant, 'identifier'>, decision: Decision]>([
    [allow(), {}, serve()],
    [allow(), { tier: 'public' }, serve(true)],
    [allow(), { tier: 'press' }, serve()],
    [allow({ shared: true }), {}, serve(true)],
    [allow({ shared: false }), { tier: 'public' }, serve()],
    [allow(), { scale: half }, serve()],
    // A tier that is granted includes those below it.
    [tier('staff'), {}, serve()],
    [tier('staff'), { tier: 'public' }, serve(true)],
    [tier('staff'), { tier: 'press' }, serve()],
    [tier('staff'), { scale: half }, serve()],
    [tier('press'), {}, instead({ tier: 'press' })],
    [tier('press'), { tier: 'press' }, serve()],
    [tier('press'), { tier: 'public' }, serve(true)],
    [tier('public'), {}, instead({ tier: 'public' })],
    [tier('public'), { tier: 'press' }, instead({ tier: 'public' })],
    [tier('public'), { scale: quarter }, instead({ tier: 'public' })],
    // A scale that is granted includes smaller ones.
    [scale(1, 2), {}, instead({ scale: half })],
    [scale(1, 2), { scale: half }, serveScale(half)],
    [scale(1, 2), { scale: quarter }, serveScale(half)],
    [scale(1, 4), { scale: half }, instead({ scale: quarter })],
    [scale(1, 1), {}, serveScale(fullScale)],
    [scale(1, 2), { tier: 'public' }, instead({ scale: half })],
    [redirect('/elsewhere', 307), {}, redirect('/elsewhere', 307)],
  ])('%j, asked for %j: %j', (result, asked, decision) => {
    expect(decide(result, { identifier: 'cats', ...asked }, tiers)).toEqual(decision)
  })

  it.each<[AuthorizeResult, typeof tiers]>([
    [tier('nobody'), tiers],
    [tier('constructor'), tiers],
    [tier('public'), none],
  ])('%j, which there is not, denies', (result, known) => {
    const decision = decide(result, { identifier: 'cats' }, known)
    expect(decision).toMatchObject({ kind: 'refuse', error: { status: 403, code: 'access-denied' } })
  })

  it('without tiers nothing is shared unless it is said', () => {
    expect(decide(allow(), { identifier: 'cats' }, none)).toEqual(serve())
    expect(decide(allow({ shared: true }), { identifier: 'cats' }, none)).toEqual(serve(true))
  })

  it.each<[AuthorizeResult, object]>([
    [deny(401), { error: { status: 401, code: 'unauthorized' }, showInfo: true }],
    [deny(403), { error: { status: 403, code: 'access-denied' }, showInfo: false }],
    [deny(403, { showInfo: true }), { error: { status: 403 }, showInfo: true }],
    [deny(401, { showInfo: false }), { error: { status: 401 }, showInfo: false }],
    [deny(404), { error: { status: 404, code: 'not-found' }, showInfo: false }],
    [deny(404, { showInfo: true }), { error: { status: 404 }, showInfo: false }],
    [deny(403, { heading: 'Closed' }), { heading: { none: ['Closed'] } }],
    [
      deny(403, { heading: { de: ['Zu'] }, note: 'Soon' }),
      { heading: { de: ['Zu'] }, note: { none: ['Soon'] } },
    ],
  ])('%j refuses', (result, facts) => {
    expect(decide(result, { identifier: 'cats' }, tiers)).toMatchObject({ kind: 'refuse', ...facts })
  })

  it('what is hidden is answered as what is not there, to the letter, and not explained', () => {
    const given = deny(404, { heading: 'Secret', note: 'Secret', challenge: 'Secret', showInfo: true })
    const decision = decide(given, { identifier: 'cats' }, tiers)
    if (decision.kind !== 'refuse') throw new Error('expected a refusal')
    const missing = buildUnknownImage()
    expect(decision).toEqual({ kind: 'refuse', error: missing, showInfo: false })
    expect(decision.error).toBeInstanceOf(NotFoundError)
    expect(Object.keys(decision.error)).toEqual(Object.keys(missing))
    expect(decision.error.message).toBe(missing.message)
  })

  it('a challenge comes with a 401, and only with it', () => {
    const errorOf = (result: AuthorizeResult) => {
      const decision = decide(result, { identifier: 'cats' }, tiers)
      return decision.kind === 'refuse' ? decision.error : undefined
    }
    const headers = (result: AuthorizeResult) => (errorOf(result) as AccessError).headers
    expect(headers(deny(401))).toEqual({ 'WWW-Authenticate': 'Bearer', 'Cache-Control': 'private, no-store' })
    expect(headers(deny(401, { challenge: 'Basic realm="x"' }))['WWW-Authenticate']).toBe('Basic realm="x"')
    expect(headers(deny(403, { challenge: 'Basic' }))).toEqual({ 'Cache-Control': 'private, no-store' })
  })
})

const refusal = (result: AuthorizeResult) => decide(result, { identifier: 'cats' }, tiers)
const refuse = (status: number) => ({ kind: 'refuse', error: { status } })
const to = (status: number, target: object) => ({ kind: 'redirect', status, to: target })
const lower = { variant: { identifier: 'cats', tier: 'public' } }

describe('what an image is answered with', () => {
  it.each<[decision: Decision, versions: AuthVersion[], outcome: object]>([
    [serve(), [], { kind: 'serve', status: 200, shared: false }],
    [serve(true), [2], { kind: 'serve', status: 200, shared: true }],
    [refusal(deny(401)), [2], refuse(401)],
    [refusal(deny(403, { showInfo: true })), [], refuse(403)],
    [refusal(deny(404)), [1, 2], refuse(404)],
    [refusal(redirect('/x', 307)), [], to(307, { location: '/x' })],
    [instead({ tier: 'public' }), [], to(302, lower)],
    [instead({ tier: 'public' }), [1], to(302, lower)],
    // 2.0: the probe has said 401.
    [instead({ tier: 'public' }), [2], refuse(401)],
    [instead({ tier: 'public' }), [1, 2], refuse(401)],
  ])('%j with %j: %j', (decision, versions, outcome) => {
    expect(planImage(decision, versions)).toMatchObject(outcome)
  })
})

it('an info.json of 401 has a challenge, as every 401 must', () => {
  const given = refusal(deny(401, { challenge: 'Basic realm="x"' }))
  expect(planInfo(given, [1])).toMatchObject({ headers: { 'WWW-Authenticate': 'Basic realm="x"' } })
  for (const decision of [refusal(deny(403, { showInfo: true })), instead({ tier: 'public' })]) {
    expect(planInfo(decision, [1, 2])).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': 'Bearer' },
    })
  }
  expect(planInfo(given, [2])).toMatchObject({ status: 200, headers: {} })
})

describe('what info.json is answered with', () => {
  const shown = (status: Extract<Outcome, { kind: 'serve' }>['status'], shared = false) => ({
    kind: 'serve',
    status,
    shared,
  })

  it.each<[decision: Decision, versions: AuthVersion[], outcome: object]>([
    [serve(true), [], shown(200, true)],
    [refusal(deny(401)), [], refuse(401)],
    [refusal(deny(401)), [2], shown(200)],
    [refusal(deny(401)), [1], shown(401)],
    [refusal(deny(401)), [1, 2], shown(401)],
    [refusal(deny(401, { showInfo: false })), [1, 2], refuse(401)],
    [refusal(deny(403)), [1, 2], refuse(403)],
    [refusal(deny(403, { showInfo: true })), [2], shown(200)],
    [refusal(deny(404)), [1, 2], refuse(404)],
    [refusal(redirect('/x', 303)), [2], to(303, { location: '/x' })],
    [instead({ tier: 'public' }), [], to(302, lower)],
    [instead({ tier: 'public' }), [1], to(302, lower)],
    [instead({ tier: 'public' }), [2], shown(200)],
    [instead({ tier: 'public' }), [1, 2], shown(401)],
  ])('%j with %j: %j', (decision, versions, outcome) => {
    expect(planInfo(decision, versions)).toMatchObject(outcome)
  })
})
