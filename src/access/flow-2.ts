/* The documents of the Authorization Flow API 2.0: the services that info.json tells of, the messages of the token
   service, the results of the probe. */
import type { InfoDocument } from '../protocol/info.js'
import type { LanguageMap } from '../protocol/language.js'
import type { PublicAddress } from './facts.js'
import type { Flow } from './flow-options.js'
import type { AccessService } from './service-options.js'

/** The context of version 2. */
export const context2 = 'http://iiif.io/api/auth/2/context.json'

/** What documents tell of the flow. */
export type FlowDocuments = Pick<Flow, 'publicPrefix' | 'services' | 'errorHeading' | 'errorNote'>

/** The public URI of an endpoint, `path` from its version on: clients add `?origin=` to it, so that it has no query. */
export function formatEndpoint(
  { publicPrefix }: Pick<Flow, 'publicPrefix'>,
  { origin, path: root }: Pick<PublicAddress, 'origin' | 'path'>,
  path: string,
): string {
  return `${origin}${root}${publicPrefix}/${path}`
}

/**
 * Builds the probe service of an image, with all that is inside it (2.0 section 2.1: probe, access, token and logout).
 *
 * @param target - the version of the Image API and the identifier, encoded, as the client knows it
 */
export function buildProbeService(flow: FlowDocuments, address: PublicAddress, target: string): InfoDocument {
  return {
    // 5.1: `id`, `type` and `service` are required. 7.1: tiers have probes of their own, because identifiers differ.
    id: formatEndpoint(flow, address, `2/probe/${target}`),
    type: 'AuthProbeService2',
    ...pick(flow, ['errorHeading', 'errorNote']),
    service: flow.services.map(service => buildAccessService(flow, address, service)),
  }
}

function buildAccessService(
  flow: FlowDocuments,
  address: PublicAddress,
  service: AccessService,
): InfoDocument {
  const { profile, name, login, label } = service
  const uri = login?.kind === 'page' ? login.uri : formatEndpoint(flow, address, `2/access/${name}`)
  return {
    // 3.1: `id` MUST be present for active and kiosk, and SHOULD NOT for external.
    ...(profile !== 'external' && { id: uri }),
    type: 'AuthAccessService2',
    profile,
    // 3.3.1: `label` is required; it MUST clearly indicate the domain or institution.
    label,
    ...pick(service, ['heading', 'note', 'confirmLabel']),
    // 3.1: `service` MUST contain exactly one token service and MAY contain a logout service.
    service: [
      {
        id: formatEndpoint(flow, address, '2/token'),
        type: 'AuthAccessTokenService2',
        ...pick(service, ['errorHeading', 'errorNote']),
      },
      ...(service.logout
        ? [
            {
              id: service.logout.uri ?? formatEndpoint(flow, address, '2/logout'),
              type: 'AuthLogoutService2',
              label: service.logout.label,
            },
          ]
        : []),
    ],
  }
}

function pick<T, Name extends keyof T & string>(record: T, names: readonly Name[]): Record<string, T[Name]> {
  return Object.fromEntries(
    names.filter(name => record[name] !== undefined).map(name => [name, record[name]]),
  )
}

/** Why no token was given (2.0 section 4.5). */
export type TokenErrorProfile =
  | 'invalidRequest'
  | 'invalidOrigin'
  | 'missingAspect'
  | 'invalidAspect'
  | 'expiredAspect'
  | 'unavailable'

/** What the token service found: a token and for how many seconds it is good, or why there is none. */
export type TokenAnswer =
  | { readonly kind: 'token'; readonly token: string; readonly seconds: number }
  | { readonly kind: 'error'; readonly profile: TokenErrorProfile; readonly note: string }

/** Builds the message that the token service posts (2.0 sections 4.4 and 4.5). */
export function buildTokenMessage(answer: TokenAnswer, messageId: string): InfoDocument {
  if (answer.kind === 'token') {
    return {
      '@context': context2,
      type: 'AuthAccessToken2',
      accessToken: answer.token,
      expiresIn: answer.seconds,
      messageId,
    }
  }
  return {
    '@context': context2,
    type: 'AuthAccessTokenError2',
    profile: answer.profile,
    // "If present, heading MUST also be present" beside a note.
    heading: { en: ['No access token'] },
    note: { en: [answer.note] },
    messageId,
  }
}

/** What the probe found. */
export interface ProbeFinding {
  /** The status that the image would be answered with. */
  readonly status: number
  /** What can be shown instead; with a status that denies. */
  readonly substitute?: InfoDocument
  /** What is to be asked for instead; with a status that redirects. */
  readonly location?: InfoDocument
  /** What viewers tell the user. */
  readonly heading?: LanguageMap | undefined
  /** The text below the heading. */
  readonly note?: LanguageMap | undefined
}

/** Builds the result of a probe (2.0 section 5.2). */
export function buildProbeResult(finding: ProbeFinding): InfoDocument {
  const { status, substitute, location } = finding
  const isRedirect = status >= 300 && status < 400
  const isDenied = status >= 400
  return {
    '@context': context2,
    type: 'AuthProbeResult2',
    status,
    // `substitute` MUST NOT be present unless access is denied; it MUST be an array.
    ...(isDenied && substitute && { substitute: [substitute] }),
    // `location` MUST NOT be present unless the status is a 30x.
    ...(isRedirect && location && { location }),
    // With a status of no success, `heading` and `note` SHOULD be present.
    ...(isDenied && buildExplanation(finding)),
  }
}

function buildExplanation({ status, heading, note }: ProbeFinding): InfoDocument {
  const standard = explanations[status] ?? ['Not available', 'The server cannot show this image now.']
  return {
    heading: heading ?? { en: [standard[0]] },
    ...((note !== undefined || heading === undefined) && { note: note ?? { en: [standard[1]] } }),
  }
}

const explanations: Readonly<Record<number, readonly [heading: string, note: string]>> = {
  401: ['Please log in', 'This image is shown only to those who have logged in.'],
  403: ['No access', 'You may not see this image.'],
  404: ['Not found', 'There is no image with this identifier.'],
}
