/* The probe service: would the images of an identifier be shown to who asks (Authorization Flow API 2.0 section 5)? */
import { createDebug } from '../debug.js'
import { isIIIFError, isMoved, type MovedError } from '../errors.js'
import type { InfoDocument } from '../protocol/info.js'
import type { LanguageMap } from '../protocol/language.js'
import { type IIIFRequest, type ImageRequest, type ParseOptions, parseRequest } from '../protocol/request.js'
import type { ImageApiVersion } from '../protocol/version.js'
import type { Decision, Substitute } from './decision.js'
import { buildProbeResult, type ProbeFinding } from './flow-2.js'

const debug = createDebug('access')

/** What the probe needs to know of images. */
export interface ProbeDesk {
  /** How identifiers are read. */
  readonly parse: ParseOptions
  /** Decides about a request as if it came from who probes. @throws {@link IIIFError} where there is no such image. */
  decide(request: ImageRequest): Promise<Decision>
  /** The public origin, for redirects to paths. */
  readonly origin: string
  /** The public URI of a variant of the image that a request is about. */
  formatUri(request: ImageRequest, variant: Substitute['variant']): string
  /** The public URI of another image, shown as the one that a request is about. */
  formatMoved(request: ImageRequest, identifier: string): string
  /** What viewers call a variant. */
  labelOf(variant: Substitute['variant']): LanguageMap | undefined
}

const probePath = /^2\/probe\/([23])\/(.+)$/

/**
 * Reads the path of a probe behind the prefix: the version of the Image API and an identifier.
 *
 * @returns a request for all that there is of the image, which stands for the requests that the client has in mind;
 * `undefined` for what is no probe
 * @throws {@link BadRequestError} for an identifier that is not valid.
 */
export function parseProbe(path: string, parse: ParseOptions): ImageRequest | undefined {
  const [, digit, identifier = ''] = probePath.exec(path) ?? []
  if (digit === undefined) return undefined
  const version: ImageApiVersion = digit === '2' ? 2 : 3
  const prefixes = { 2: version === 2 ? '' : false, 3: version === 3 ? '' : false } as const
  const request: IIIFRequest | undefined = parseRequest(`/${identifier}/full/max/0/default.jpg`, {
    ...parse,
    prefixes,
  })
  return request?.kind === 'image' ? request : undefined
}

/** Answers a probe; never rejects. */
export async function answerProbe(path: string, desk: ProbeDesk): Promise<InfoDocument> {
  let request: ImageRequest | undefined
  try {
    request = parseProbe(path, desk.parse)
    if (request === undefined) return buildProbeResult({ status: 404 })
    return buildProbeResult(explain(await desk.decide(request), request, desk))
  } catch (error) {
    if (request && isMoved(error)) return buildProbeResult(explainMoved(error, request, desk))
    if (!isIIIFError(error)) debug('a probe has failed: %o', error)
    // 5.2: whatever the status of the image is, that of the probe is 200.
    return buildProbeResult({ status: isIIIFError(error) ? error.status : 500 })
  }
}

function explain(decision: Decision, request: ImageRequest, desk: ProbeDesk): ProbeFinding {
  switch (decision.kind) {
    case 'serve':
      return { status: 200 }
    case 'refuse':
      return { status: decision.error.status, heading: decision.heading, note: decision.note }
    case 'redirect':
      return {
        status: decision.status,
        location: buildService(request.version, formatService(decision.location, desk.origin)),
      }
    case 'substitute': {
      const { variant } = decision
      // 7.1: clients show the substitute and go on to the access services where the status is 401.
      return {
        status: 401,
        substitute: buildService(request.version, desk.formatUri(request, variant), desk.labelOf(variant)),
      }
    }
  }
}

function explainMoved({ status, target }: MovedError, request: ImageRequest, desk: ProbeDesk): ProbeFinding {
  const uri =
    'location' in target
      ? formatService(target.location, desk.origin)
      : desk.formatMoved(request, target.identifier)
  return { status, location: buildService(request.version, uri) }
}

// `type` is that of what is probed: an image service.
function buildService(version: ImageApiVersion, uri: string, label?: LanguageMap): InfoDocument {
  return {
    id: uri,
    type: `ImageService${version}`,
    ...(label !== undefined && { label }),
    profile: version === 2 ? 'http://iiif.io/api/image/2/level2.json' : 'level2',
  }
}

const behindService = /\/(?:info\.json|(?:[^/?#]+\/){3}(?:default|color|gray|bitonal)\.[a-z0-9]+)(?:[?#].*)?$/

/* Who redirects an image writes the URI of an image; what the probe tells is that of its service. */
function formatService(location: string, origin: string): string {
  return (location.startsWith('/') ? origin + location : location).replace(behindService, '')
}
