/* The documents of the Authentication API 1.0, for viewers that know no other. */
import type { InfoDocument } from '../protocol/info.js'
import { flattenText, type LanguageMap } from '../protocol/language.js'
import type { PublicAddress } from './facts.js'
import { type FlowDocuments, formatEndpoint, type TokenAnswer } from './flow-2.js'
import type { AccessService } from './service-options.js'

/** The context of version 1; profiles are below it. */
export const context1 = 'http://iiif.io/api/auth/1/context.json'

const profileUri = (name: string) => `http://iiif.io/api/auth/1/${name}`

/** Builds the access cookie services, each with its token and logout services (1.0 section 2). */
export function buildCookieServices(flow: FlowDocuments, address: PublicAddress): InfoDocument[] {
  return flow.services.map(service => buildCookieService(flow, address, service))
}

function buildCookieService(
  flow: FlowDocuments,
  address: PublicAddress,
  service: AccessService,
): InfoDocument {
  const { name, login, label, heading, note, confirmLabel, errorHeading, errorNote, logout } = service
  return {
    '@context': context1,
    // 2.1.1: required but for external, where it is ignored; Image API 3.0 section 5.8 wants one on every service.
    '@id': login?.kind === 'page' ? login.uri : formatEndpoint(flow, address, `1/access/${name}`),
    '@type': 'AuthCookieService1',
    profile: profileUri(namePattern(service)),
    // 2.1.1: the label MUST include the domain or institution.
    label: flattenText(label),
    ...flatten({ confirmLabel, header: heading, description: note }),
    ...flatten({ failureHeader: errorHeading, failureDescription: errorNote }),
    service: [
      {
        '@id': formatEndpoint(flow, address, '1/token'),
        '@type': 'AuthTokenService1',
        profile: profileUri('token'),
      },
      ...(logout
        ? [
            {
              '@id': logout.uri ?? formatEndpoint(flow, address, '1/logout'),
              '@type': 'AuthLogoutService1',
              profile: profileUri('logout'),
              label: flattenText(logout.label),
            },
          ]
        : []),
    ],
  }
}

// 2.1.4: clickthrough is for terms that the viewer itself shows.
function namePattern({ profile, login }: AccessService): string {
  if (profile !== 'active') return profile
  return login?.kind === 'function' && login.confirm ? 'clickthrough' : 'login'
}

function flatten(texts: Readonly<Record<string, LanguageMap | undefined>>): InfoDocument {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, flattenText(text)]])),
  )
}

/** Builds what the token service answers; `messageId` only where a viewer waits for a message (1.0 section 2.2). */
export function buildTokenObject(answer: TokenAnswer, messageId?: string): InfoDocument {
  const message = messageId === undefined ? {} : { messageId }
  if (answer.kind === 'token') return { accessToken: answer.token, expiresIn: answer.seconds, ...message }
  return { error: errors[answer.profile], description: answer.note, ...message }
}

// 2.2.6: the words of version 1 for the conditions of version 2.
const errors = {
  invalidRequest: 'invalidRequest',
  invalidOrigin: 'invalidOrigin',
  missingAspect: 'missingCredentials',
  invalidAspect: 'invalidCredentials',
  expiredAspect: 'invalidCredentials',
  unavailable: 'unavailable',
} as const

/** The status of an answer that is sent as JSON (1.0 section 2.2.6: "for example 400, 401 or 503"). */
export function resolveTokenStatus(answer: TokenAnswer): number {
  if (answer.kind === 'token') return 200
  const { profile } = answer
  if (profile === 'unavailable') return 503
  if (profile === 'invalidRequest') return 400
  return profile === 'invalidOrigin' ? 403 : 401
}
