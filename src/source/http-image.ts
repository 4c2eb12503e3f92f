/* One image on another server: looked up, and made a source that is read in the way that costs least. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { ImageSource } from '../contracts.js'
import type { BlockCache, RemoteBytes } from './block-cache.js'
import { createBlockSource, type SourceFacts } from './block-source.js'
import { resolveFormatHint } from './extension.js'
import { buildChanged } from './failure.js'
import type { HttpClient, HttpTarget } from './http-client.js'
import { type HttpFacts, probe } from './http-probe.js'
import { createRangeFetch } from './http-range.js'
import { createSave } from './http-save.js'
import type { Spool } from './spool.js'
import { createSpooledSource } from './spooled-source.js'

/** What was found out about an image. */
export interface KnownImage {
  /** What the server said. */
  readonly facts: HttpFacts
  /** Changes with the bytes. */
  readonly version: string
  /** When the server said it, in milliseconds. */
  readonly checkedAt: number
  /** How it is read: by range, or from a file in the spool. */
  readonly way: 'ranges' | 'file'
  /** Whether the version was told by the bytes, because the server tells none. */
  readonly isNameless: boolean
}

/** What sources on other servers share. */
export interface HttpDepot {
  /** Asks. */
  readonly client: HttpClient
  /** Keeps what was fetched by range. */
  readonly cache: BlockCache
  /** Keeps whole files. */
  readonly spool: Spool
}

/* Up to here, a file that has to be decoded as a whole is fetched into memory and not into a file. */
const smallBytes = 2 ** 20

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
    await fetchNow(depot, nameFile(image), facts, found.answer, signal)
    return { ...image, way: 'file' }
  }
  const { size = 0 } = facts.validators
  const way = startsTiff(found.head) || size <= smallBytes ? 'ranges' : 'file'
  if (way === 'ranges') depot.cache.put(bytesOf(depot, image), found.head)
  return { ...image, way }
}

/** Creates the source of an image that was looked up. */
export function createHttpImage(depot: HttpDepot, image: KnownImage): ImageSource {
  const { facts, version, way, isNameless } = image
  const { lastModified, size } = facts.validators
  const formatHint = resolveFormatHint(facts.target.url.pathname)
  const known: SourceFacts = {
    version,
    ...(lastModified !== undefined && { lastModified: new Date(lastModified) }),
    ...(formatHint !== undefined && { formatHint }),
  }
  if (way === 'ranges') return createBlockSource(bytesOf(depot, image), known, depot.cache)
  const save = isNameless ? () => Promise.reject(buildChanged()) : createSave(depot.client, facts)
  const bytes = { spool: depot.spool, name: nameFile(image), save, ...(size !== undefined && { size }) }
  return createSpooledSource(bytes, known)
}

type Versioned = Pick<KnownImage, 'facts' | 'version'>

function bytesOf({ client }: HttpDepot, { facts, version }: Versioned): RemoteBytes {
  const { target, validators } = facts
  return {
    key: `${target.url.href}\n${version}`,
    size: validators.size ?? 0,
    fetchRange: createRangeFetch(client, facts),
  }
}

function nameFile({ facts, version }: Versioned): string {
  return createHash('sha256').update(`${facts.target.url.href}\n${version}`).digest('hex').slice(0, 40)
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
    return nameFile({ facts, version })
  }
  await spool.add(nameOf, createSave(client, facts, answer), signal)
  return version
}

/* Classic TIFF is version 42, BigTIFF version 43. */
function startsTiff(head: Uint8Array): boolean {
  const start = String.fromCharCode(...head.subarray(0, 4))
  return ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(start)
}
