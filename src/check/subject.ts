/* The service that is checked: where it is, what its info.json says, and what it promises by that. */
import { ToolError } from '../errors.js'
import { listExtras } from '../protocol/compliance.js'
import type { Dimensions } from '../protocol/geometry.js'
import type { Limits } from '../protocol/limits.js'
import { type ComplianceLevel, type ImageApiVersion, versionFacts } from '../protocol/version.js'
import type { Asking, Client, Reply } from './client.js'
import { isRecord, readLimits, readList, readWhole } from './info.js'
import { fetchReference, type Reference } from './reference.js'
import type { Need } from './row.js'

/** The service and what is known of it. */
export interface Subject {
  /** The version of the Image API that its info.json names. */
  readonly version: ImageApiVersion
  /** The base URI of the image, as it was given. */
  readonly base: string
  /** Its info.json. */
  readonly info: Readonly<Record<string, unknown>>
  /** The answer that brought it. */
  readonly infoReply: Reply
  /** The size that it tells. */
  readonly size: Dimensions
  /** The level that it is held to. */
  readonly level: ComplianceLevel
  /** The limits that it tells. */
  readonly limits: Limits
  /** Asks for something behind the base URI: a path that starts with a slash, or nothing. */
  ask(path: string, asking?: Asking): Promise<Reply>
  /** Asks for any URL. */
  askUrl(url: string, asking?: Asking): Promise<Reply>
  /** Whether something is promised by the level or by info.json. */
  promises(need: Need): boolean
  /** The image as the server gives it, to compare with; none where it cannot be had. */
  reference(): Promise<Reference | undefined>
}

/** A service cannot be checked at all. */
export class CheckError extends ToolError {}

/** Brings a URL that somebody has at hand to the base URI of an image. @throws {@link CheckError} where it is none. */
export function parseBase(text: string): string {
  const url = /^(https?:\/\/[^/?#\s]+[^?#\s]*)/i.exec(text)?.[1]
  if (url === undefined || !URL.canParse(url)) {
    throw new CheckError(`Expected the URL of an image service or of its info.json but received "${text}"`)
  }
  return url.replace(/\/info\.json$/, '').replace(/\/+$/, '')
}

/** The headers that a viewer in a page of another site sends. */
export const viewerHeaders: Readonly<Record<string, string>> = { origin: 'https://viewer.example' }

/**
 * Opens a service: asks for its info.json.
 *
 * @throws {@link CheckError} where there is none, or it says too little to ask for an image.
 */
export async function openSubject(
  base: string,
  client: Client,
  level: ComplianceLevel | undefined,
): Promise<Subject> {
  const infoReply = await client.ask(`${base}/info.json`, { headers: viewerHeaders })
  if (infoReply.failure !== undefined || infoReply.status !== 200) {
    throw new CheckError(
      `There is no info.json at ${base}/info.json: ${infoReply.failure ?? `the status is ${infoReply.status}`}`,
    )
  }
  const info = parseInfo(infoReply)
  const version = findVersion(info)
  const [width, height] = [readWhole(info.width), readWhole(info.height)]
  if (width === undefined || height === undefined) {
    throw new CheckError('The info.json tells no width and height, without which nothing can be asked for.')
  }
  // Where info.json was found by a redirect, the image is there, too.
  const found = infoReply.redirects > 0 ? infoReply.url.replace(/\/info\.json$/, '') : base
  return createSubject(found, client, { infoReply, info, version, size: { width, height }, level })
}

interface Known extends Pick<Subject, 'infoReply' | 'info' | 'version' | 'size'> {
  readonly level: ComplianceLevel | undefined
}

function createSubject(base: string, client: Client, { level: wanted, ...known }: Known): Subject {
  const { info, version } = known
  const level = wanted ?? readLevel(info, version) ?? 0
  const features = readList(info, version, 'features')
  const offers = {
    features,
    qualities: ['default', ...readList(info, version, 'qualities')],
    formats: ['jpg', ...readList(info, version, 'formats')],
  }
  const isDemanded = (kind: keyof typeof offers, name: string) =>
    listExtras(version, level, { features: [], qualities: [], formats: [], [kind]: [name] })[kind].length ===
    0
  let reference: Promise<Reference | undefined> | undefined
  const subject: Subject = {
    ...known,
    base,
    level,
    limits: readLimits(info, version, features),
    ask: (path, asking) => client.ask(base + path, asking),
    askUrl: (url, asking) => client.ask(url, asking),
    promises({ feature, quality, format }) {
      const name = typeof feature === 'object' ? feature[version] : feature
      if (feature !== undefined && name === undefined) return false
      const has = (kind: keyof typeof offers, word: string | undefined) =>
        word === undefined || offers[kind].includes(word) || isDemanded(kind, word)
      return has('features', name) && has('qualities', quality) && has('formats', format)
    },
    reference() {
      reference ??= fetchReference(subject)
      return reference
    },
  }
  return subject
}

function parseInfo({ body }: Reply): Readonly<Record<string, unknown>> {
  try {
    const info: unknown = JSON.parse(new TextDecoder().decode(body))
    if (isRecord(info)) return info
  } catch {
    // Told below.
  }
  throw new CheckError('The info.json is no JSON object.')
}

/* The context is what decides; what lacks one may say it in other places. */
function findVersion(info: Readonly<Record<string, unknown>>): ImageApiVersion {
  const contexts = [info['@context']].flat()
  for (const version of [3, 2] as const) if (contexts.includes(versionFacts[version].context)) return version
  if (/image-api\/1\.|image\/1\//.test(JSON.stringify(contexts))) {
    throw new CheckError('The service speaks version 1 of the Image API; 2 and 3 are checked.')
  }
  if (info.type === 'ImageService3' || typeof info.profile === 'string') return 3
  if (info['@id'] !== undefined || Array.isArray(info.profile)) return 2
  throw new CheckError('The info.json does not tell its version: it has no context of the Image API.')
}

/** The level that an info.json claims. */
export function readLevel(
  { profile }: Readonly<Record<string, unknown>>,
  version: ImageApiVersion,
): ComplianceLevel | undefined {
  const claimed = version === 3 ? profile : [profile].flat()[0]
  if (typeof claimed !== 'string') return undefined
  const found =
    version === 3
      ? /^level([012])$/.exec(claimed)
      : /^https?:\/\/iiif\.io\/api\/image\/2\/level([012])\.json$/.exec(claimed)
  return found ? (Number(found[1]) as ComplianceLevel) : undefined
}
