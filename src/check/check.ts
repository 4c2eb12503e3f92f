/* Holds a IIIF image server against the specification: asks for the rows, one after another, and tells what came. */

import { throwIfAborted } from '../errors.js'
import type { ComplianceLevel, ImageApiVersion } from '../protocol/version.js'
import { createClient } from './client.js'
import type { Row, RowResult } from './row.js'
import { rows } from './rows.js'
import { CheckError, openSubject, parseBase, type Subject } from './subject.js'

/** How a server is checked. */
export interface CheckOptions {
  /** The level that it is held to. @defaultValue the one that its info.json claims */
  readonly level?: ComplianceLevel
  /** The only rows that are asked, by their names. @defaultValue all of them */
  readonly only?: readonly string[]
  /** How long one answer may take, in seconds. @defaultValue 30 */
  readonly timeoutSeconds?: number
  /** How long all of it may take, in seconds. @defaultValue 600 */
  readonly deadlineSeconds?: number
  /** How many bytes one answer may have. @defaultValue 64 MiB */
  readonly maxBytes?: number
  /** Hears of every row when it is done, and of how many there are. */
  readonly onRow?: (result: RowResult, done: number, total: number) => void
  /** Ends the check. */
  readonly signal?: AbortSignal
}

/** What came of a check. */
export interface CheckReport {
  /** The base URI. */
  readonly base: string
  /** The version of the Image API; none where there is no info.json. */
  readonly version?: ImageApiVersion
  /** The level that the server was held to. */
  readonly level?: ComplianceLevel
  /** The rows, in their order. */
  readonly results: readonly RowResult[]
  /** How many requests there were. */
  readonly requests: number
  /** Whether everything that MUST be is. */
  readonly isCompliant: boolean
}

/**
 * Checks a IIIF image service, of version 2 or 3.
 *
 * @param url - the base URI of an image, or the URL of its info.json
 * @throws {@link CheckError} where `url` is no such thing, or there is no row of a name.
 * @throws {@link AbortedError} where the signal was given.
 */
export async function checkServer(url: string, options: CheckOptions = {}): Promise<CheckReport> {
  const base = parseBase(url)
  const unknown = options.only?.find(id => !rows.some(row => row.id === id))
  if (unknown !== undefined) throw new CheckError(`There is no row "${unknown}".`)
  const { timeoutSeconds = 30, deadlineSeconds = 600, maxBytes = 64 * 2 ** 20, signal } = options
  const times = { timeoutMs: timeoutSeconds * 1000, deadlineMs: deadlineSeconds * 1000 }
  const client = createClient({ ...times, maxBytes, signal })
  const results: RowResult[] = []
  const tell = (result: RowResult, total: number) => {
    results.push(result)
    options.onRow?.(result, results.length, total)
  }
  try {
    const subject = await openSubject(base, client, options.level).catch((error: unknown) => {
      if (!(error instanceof CheckError)) throw error
      tell({ ...documentRow, milliseconds: 0, outcome: 'failed', findings: [describe(base, error)] }, 1)
      return undefined
    })
    const asked = subject ? chooseRows(subject.version, options.only) : []
    if (subject) tell({ ...documentRow, milliseconds: 0, outcome: 'passed' }, asked.length + 1)
    for (const row of asked) {
      throwIfAborted(signal)
      if (subject) tell(await runRow(row, subject), asked.length + 1)
    }
    throwIfAborted(signal)
    return {
      base: subject?.base ?? base,
      ...(subject ? { version: subject.version, level: subject.level } : {}),
      results,
      requests: client.requests,
      isCompliant: !results.some(({ outcome, importance }) => outcome === 'failed' && importance === 'MUST'),
    }
  } finally {
    client.close()
  }
}

/* Without it nothing can be asked. */
const documentRow = {
  id: 'info-document',
  title: 'info.json is a JSON object that tells the version and the size of the image',
  importance: 'MUST',
  says: 'servers must support requests for image information',
  section: '5',
} as const

function chooseRows(version: ImageApiVersion, only: readonly string[] | undefined): readonly Row[] {
  return rows.filter(({ id, sections }) => sections[version] !== undefined && (only?.includes(id) ?? true))
}

function describe(base: string, { message }: CheckError) {
  return { asked: `GET ${base}/info.json`, came: message, expected: 'status 200 and a JSON object' }
}

async function runRow(row: Row, subject: Subject): Promise<RowResult> {
  const { id, title, importance, says, sections, needs } = row
  const began = performance.now()
  const facts = { id, title, importance, says, section: sections[subject.version] ?? '' }
  const finish = () => Math.round(performance.now() - began)
  if (needs && !subject.promises(needs)) {
    const reason = `neither level ${subject.level} nor info.json promises it`
    return { ...facts, milliseconds: finish(), outcome: 'skipped', reason }
  }
  const reason = row.skip?.(subject)
  if (reason !== undefined) return { ...facts, milliseconds: finish(), outcome: 'skipped', reason }
  const findings = await Promise.resolve(row.run(subject)).catch((error: unknown) => [
    // No server should be able to end the check; whatever this is, it is a fault of ours.
    { asked: `the row ${id}`, came: `an error of the check itself: ${String(error)}`, expected: 'none' },
  ])
  return findings.length > 0
    ? { ...facts, milliseconds: finish(), outcome: 'failed', findings }
    : { ...facts, milliseconds: finish(), outcome: 'passed' }
}
