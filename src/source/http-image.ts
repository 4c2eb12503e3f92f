/* One image on another server: looked up, and made a source. */
import type { IncomingMessage } from 'node:http'
import type { ImageSource } from '../contracts.js'
import type { SourceFacts } from './block-source.js'
import { resolveFormatHint } from './extension.js'
import { buildChanged } from './failure.js'
import type { HttpClient, HttpTarget } from './http-client.js'
import { type HttpFacts, probe } from './http-probe.js'
import { createRangeFetch } from './http-range.js'
import { createSave } from './http-save.js'
import { chooseWay, createRemoteImage, nameFile, type RemoteDepot, type RemoteWay } from './remote-image.js'

/** What was found out about an image. */
export interface KnownImage {
  /** What the server said. */
  readonly facts: HttpFacts
  /** Changes with the bytes. */
  readonly version: string
  /** When the server said it, in milliseconds. */
  readonly checkedAt: number
  /** How it is read: by range, or from a file in the spool. */
  readonly way: RemoteWay
  /** Whether the version was told by the bytes, because the server tells none. */
  readonly isNameless: boolean
}

/** What sources on other servers share. */
export interface HttpDepot extends RemoteDepot {
  /** Asks. */
  readonly client: HttpClient
}

/**
 * Looks an image up; `undefined` where there is none.
 *
 * @param before - what was known of it
 */
export async function lookUpImage(
  depot: HttpDepot,
  target: HttpTarget,
  before: KnownImage | undefined,
  signal: AbortSignal,
): Promise<KnownImage | undefined> {
  const known = before?.isNameless ? undefined : before
  const found = await probe(depot.client, target, known?.facts, signal)
  const checkedAt = Date.now()
  if (found.kind === 'missing') return undefined
  if (found.kind === 'same') return known && { ...known, checkedAt }
  const { facts } = found
  const { version } = facts
  if (version === undefined) {
    const answer = found.kind === 'whole' ? found.answer : undefined
    return {
      facts,
      version: await fetchNameless(depot, facts, answer, signal),
      checkedAt,
      way: 'file',
      isNameless: true,
    }
  }
  const image = { facts, version, checkedAt, isNameless: false }
  if (found.kind === 'whole') {
    // It is coming in already: to ask for it again when it is read would cost twice.
    await fetchNow(depot, nameFile(formatKey(image)), facts, found.answer, signal)
    return { ...image, way: 'file' }
  }
  const { size = 0 } = facts.validators
  const way = chooseWay(found.head, size)
  const bytes = { key: formatKey(image), size, fetchRange: createRangeFetch(depot.client, facts) }
  if (way === 'ranges') depot.cache.put(bytes, found.head)
  return { ...image, way }
}

/** Creates the source of an image that was looked up; `onChange` hears that it has changed since. */
export function createHttpImage(depot: HttpDepot, image: KnownImage, onChange: () => void): ImageSource {
  const { facts, version, way, isNameless } = image
  const { lastModified, size } = facts.validators
  const formatHint = resolveFormatHint(facts.target.url.pathname)
  const known: SourceFacts = {
    version,
    ...(lastModified !== undefined && { lastModified: new Date(lastModified) }),
    ...(formatHint !== undefined && { formatHint }),
  }
  const bytes = {
    key: formatKey(image),
    way,
    fetchRange: createRangeFetch(depot.client, facts),
    save: isNameless ? () => Promise.reject(buildChanged()) : createSave(depot.client, facts),
    ...(size !== undefined && { size }),
    onChange,
  }
  return createRemoteImage(depot, bytes, known)
}

function formatKey({ facts, version }: Pick<KnownImage, 'facts' | 'version'>): string {
  return `${facts.target.url.href}\n${version}`
}

async function fetchNow(
  { client, spool }: HttpDepot,
  name: string,
  facts: HttpFacts,
  answer: IncomingMessage,
  signal: AbortSignal,
): Promise<void> {
  answer.on('error', () => {})
  try {
    await spool.obtain(name, createSave(client, facts, answer), signal)
  } finally {
    answer.destroy()
  }
}

/* The bytes themselves tell their version; gives it. */
async function fetchNameless(
  { client, spool }: HttpDepot,
  facts: HttpFacts,
  answer: IncomingMessage | undefined,
  signal: AbortSignal,
): Promise<string> {
  let version = ''
  const nameOf = (digest: string): string => {
    version = digest
    return nameFile(formatKey({ facts, version }))
  }
  await spool.add(nameOf, createSave(client, facts, answer), signal)
  return version
}
