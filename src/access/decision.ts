/* From what the application answered to what happens: a tier that is granted is compared with the one that is asked for,
   and for images and info.json each it is said what the client gets. */
import { createDebug } from '../debug.js'
import { AccessError, buildUnknownImage, type IIIFError } from '../errors.js'
import { type LanguageMap, resolveText } from '../protocol/language.js'
import { isWithinScale, type Scale } from '../protocol/scale.js'
import type { AuthorizeResult, Deny, Redirect } from './result.js'
import type { Tiers } from './tiers.js'
import type { Variant } from './variant.js'

const debug = createDebug('access')

/** What happens to a request. */
export type Decision = Serve | Refuse | Substitute | Redirect

/** The variant that was asked for is given. */
export interface Serve {
  /** Tells the decisions apart. */
  readonly kind: 'serve'
  /** Whether everybody would be given it, so that shared caches may keep it. */
  readonly shared: boolean
  /** The part of its size that is granted, where a part is. */
  readonly scale?: Scale
}

/** Nothing is given. */
export interface Refuse {
  /** Tells the decisions apart. */
  readonly kind: 'refuse'
  /** The error that the client gets. */
  readonly error: IIIFError
  /** Whether info.json is shown nevertheless, so that viewers find where to log in. */
  readonly showInfo: boolean
  /** What viewers tell the user. */
  readonly heading?: LanguageMap
  /** The text below the heading. */
  readonly note?: LanguageMap
}

/** Another variant is given, by its own identifier. */
export interface Substitute {
  /** Tells the decisions apart. */
  readonly kind: 'substitute'
  /** What is given instead. */
  readonly variant: Variant
}

/** Decides what happens to a request for a variant. */
export function decide(result: AuthorizeResult, asked: Variant, tiers: Tiers): Decision {
  switch (result.kind) {
    case 'allow':
      return { kind: 'serve', shared: result.shared ?? askedTier(asked, tiers)?.shared ?? false }
    case 'deny':
      return buildRefusal(result)
    case 'redirect':
      return result
    case 'tier':
      return decideTier(result.tier, asked, tiers)
    case 'scale':
      return decideScale(result, asked)
  }
}

function askedTier({ tier }: Variant, tiers: Tiers): Tiers['highest'] {
  return tier === undefined ? tiers.highest : tiers.find(tier)
}

function decideTier(name: string, asked: Variant, tiers: Tiers): Decision {
  const granted = tiers.find(name)
  const wanted = askedTier(asked, tiers)
  if (granted === undefined || wanted === undefined) {
    debug('authorize has granted the tier %o, which there is not: access is denied', name)
    return buildRefusal({ kind: 'deny', status: 403 })
  }
  if (granted.rank >= wanted.rank) return { kind: 'serve', shared: wanted.shared }
  return { kind: 'substitute', variant: { ...pageOf(asked), tier: name } }
}

function decideScale({ numerator, denominator }: Scale, asked: Variant): Decision {
  const granted = { numerator, denominator }
  const whole = { numerator: 1, denominator: 1 }
  // A tier says nothing of scales, so that one below the highest is not known to be within the scale that is granted.
  const isWithin = asked.tier === undefined && isWithinScale(asked.scale ?? whole, granted)
  if (isWithin) return { kind: 'serve', shared: false, scale: granted }
  return { kind: 'substitute', variant: { ...pageOf(asked), scale: granted } }
}

/* The page of the image, without saying how much of it is shown. */
function pageOf({ identifier, page }: Variant): Variant {
  return page === undefined ? { identifier } : { identifier, page }
}

function buildRefusal({ status, challenge, showInfo, heading, note }: Deny): Refuse {
  // What is hidden is not explained.
  if (status === 404) return { kind: 'refuse', error: buildUnknownImage(), showInfo: false }
  return {
    kind: 'refuse',
    error: buildRefusalError(status, challenge),
    showInfo: showInfo ?? status === 401,
    ...(heading !== undefined && { heading: resolveText(heading, 'heading') }),
    ...(note !== undefined && { note: resolveText(note, 'note') }),
  }
}

function buildRefusalError(status: 401 | 403, challenge?: string): AccessError {
  if (status === 403) return new AccessError(403, 'access-denied', 'You may not see this image.')
  const message = 'This image is shown only to those who have logged in.'
  return new AccessError(401, 'unauthorized', message, challenge === undefined ? {} : { challenge })
}

/* The document with the services, for who may not see the image. */
function showInfo(versions: readonly AuthVersion[], error: IIIFError): Answer {
  if (!versions.includes(1)) return { kind: 'serve', status: 200, shared: false, headers: {} }
  // What was refused with a 403 is told to version 1 as a 401 too: it knows no other status with a document.
  const challenged = error instanceof AccessError && error.status === 401 ? error : buildRefusalError(401)
  return { kind: 'serve', status: 401, shared: false, headers: challenged.headers }
}

/** The versions of the IIIF authorisation APIs: 1 is the Authentication API, 2 the Authorization Flow API. */
export type AuthVersion = 1 | 2

/** What the client gets. */
export type Outcome =
  | Answer
  | Pick<Refuse, 'kind' | 'error'>
  | (Omit<Redirect, 'location'> & { readonly to: Destination })

/** The image, or info.json. */
export interface Answer {
  /** Tells the outcomes apart. */
  readonly kind: 'serve'
  /** The status; 401 only for an info.json that is shown to who may not see the image. */
  readonly status: 200 | 401
  /** Whether everybody would be given it, so that shared caches may keep it. */
  readonly shared: boolean
  /** Headers that the status needs: the challenge of a 401. */
  readonly headers: Readonly<Record<string, string>>
}

/** Where a redirect leads: to another variant of the same image, or where the application said. */
export type Destination = { readonly variant: Variant } | { readonly location: string }

/**
 * What a request for an image is answered with.
 *
 * @param versions - the authorisation services that the info.json of the image tells of
 */
export function planImage(decision: Decision, versions: readonly AuthVersion[]): Outcome {
  switch (decision.kind) {
    case 'serve':
      return { ...decision, status: 200, headers: {} }
    case 'refuse':
      return { kind: 'refuse', error: decision.error }
    case 'redirect':
      return { kind: 'redirect', status: decision.status, to: { location: decision.location } }
    case 'substitute':
      // 2.0 section 5.2: the status that the probe tells is that of the image, and only with 401 are users offered to
      // log in (section 7.1).
      if (versions.includes(2)) return { kind: 'refuse', error: buildRefusalError(401) }
      return { kind: 'redirect', status: 302, to: { variant: decision.variant } }
  }
}

/** What a request for info.json is answered with; see {@link planImage}. */
export function planInfo(decision: Decision, versions: readonly AuthVersion[]): Outcome {
  switch (decision.kind) {
    case 'serve':
      return { ...decision, status: 200, headers: {} }
    case 'redirect':
      return { kind: 'redirect', status: decision.status, to: { location: decision.location } }
    case 'refuse':
      if (!decision.showInfo || versions.length === 0) return { kind: 'refuse', error: decision.error }
      // 1.0 section 3.1: not authorised and no tier below: 401, with the document as its body (section 3).
      // 2.0 section 1.1: info.json is no access-controlled resource; the probe tells the status.
      return showInfo(versions, decision.error)
    case 'substitute':
      // 2.0 section 2.1: viewers need the probe service of what they asked for to learn of the substitute.
      // Those that know only version 1 get a 401 then, as where there are no tiers: a redirect would hide the probe.
      if (versions.includes(2)) return showInfo(versions, buildRefusalError(401))
      // 1.0 section 3.2: "the server MUST issue a 302 (Found) […] to the Description Resource of a lower tier".
      return { kind: 'redirect', status: 302, to: { variant: decision.variant } }
  }
}
