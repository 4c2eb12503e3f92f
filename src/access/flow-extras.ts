/* What info.json tells of the authorisation flow, in the shape that the builder of info.json takes. */
import { createDebug } from '../debug.js'
import type { InfoDocument, InfoExtras } from '../protocol/info.js'
import type { ImageApiVersion } from '../protocol/version.js'
import { isThenable, waitFor } from './authorize.js'
import type { AuthVersion, Decision } from './decision.js'
import type { PublicAddress } from './facts.js'
import { buildCookieServices } from './flow-1.js'
import { buildProbeService, context2, type FlowDocuments } from './flow-2.js'
import type { Flow } from './flow-options.js'
import type { Tiers } from './tiers.js'
import type { Variant } from './variant.js'

const debug = createDebug('access')

/** A service that may have a flow. */
export interface MayFlow {
  /** The flow. */
  readonly flow: Pick<Flow, 'versions' | 'protects'> | undefined
  /** For how long the application is waited for, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Which authorisation services the info.json of an image tells of: none without a flow, and for images left out of it.
 * Where the application fails to tell, the image is one of those that are protected.
 *
 * @param identifier - the one that the source is looked up by
 */
export async function listAuthVersions(
  { flow, timeoutMs }: MayFlow,
  version: ImageApiVersion,
  identifier: string,
): Promise<readonly AuthVersion[]> {
  const versions = flow?.versions[version] ?? []
  if (flow === undefined || versions.length === 0) return []
  try {
    const answer = flow.protects(identifier)
    const isProtected = isThenable(answer) ? await waitFor(answer, timeoutMs) : answer
    return isProtected ? versions : []
  } catch (error) {
    debug('flow.protects has failed, so that the image is taken for protected: %o', error)
    return versions
  }
}

/** The info.json that services are told in. */
export interface FlowTarget {
  /** The version of the Image API. */
  readonly version: ImageApiVersion
  /** Where the client believes itself to be. */
  readonly address: PublicAddress
  /** The identifier as the client knows it, encoded, with the suffix of a tier or scale. */
  readonly identifier: string
  /** The services to tell of; see {@link listAuthVersions}. */
  readonly authVersions: readonly AuthVersion[]
  /** Whether a probe is told of; see {@link hasProbe}. */
  readonly hasProbe: boolean
}

/**
 * Tells whether the info.json of a variant has a probe: not where it is what others are substituted by, and is given. "If
 * no further services are declared on it, a substitute resource MUST be accessible" (2.0 section 5.2).
 */
export function hasProbe({ tier, scale }: Variant, tiers: Pick<Tiers, 'names'>, decision: Decision): boolean {
  const isLast = scale !== undefined || (tier !== undefined && tier === tiers.names[0])
  return !(isLast && decision.kind === 'serve')
}

/** Builds what info.json tells of the flow. */
export function buildFlowExtras(flow: FlowDocuments, target: FlowTarget): InfoExtras {
  const { version, address, identifier, authVersions } = target
  const tellsProbe = target.hasProbe && authVersions.includes(2)
  const service: InfoDocument[] = []
  if (tellsProbe) {
    const probe = buildProbeService(flow, address, `${version}/${identifier}`)
    // 2.0 section 2.1: inside a service of Image API 3.0 the context SHOULD NOT be in the service and MUST be in the list
    // of the document, before that of the Image API. Image API 2.1 has no list: the service keeps its own.
    service.push(version === 3 ? probe : { '@context': context2, ...probe })
  }
  // 1.0 section 4: clients look for these in the document of a lower tier too.
  if (authVersions.includes(1)) service.push(...buildCookieServices(flow, address))
  return { service, ...(tellsProbe && version === 3 && { contexts: [context2] }) }
}
