/* A certificate in use, and the files that it may be read from again. */
import type { SecureContextOptions } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import { type LoadedIdentity, loadIdentity, readStamp, TlsError, type TlsIdentity } from './tls-identity.js'

/** What is known of a certificate in use. */
export interface CertificateStatus {
  /** What it is for: `default`, or one of the names of `hosts`. */
  readonly name: string
  /** When it is no longer valid. */
  readonly notAfter: Date
  /** How many whole days are left; below 0 when it is no longer valid. */
  readonly daysLeft: number
  /** Why its files were not taken when they were last read, in words that do not tell where they are. */
  readonly problem?: string
}

/** A certificate that is read again. */
export interface Entry {
  /** What it is for. */
  readonly name: string
  /** What is in use. */
  current(): LoadedIdentity
  /** Whether the files are others than those that were last read, or could not be taken then. */
  hasChanged(): Promise<boolean>
  /** Reads the files; `true` where something has come of it that was not so before. @throws {@link TlsError} */
  read(): Promise<boolean>
  /** Tells of what is in use. */
  tell(): CertificateStatus
}

/** Tells whether an entry is to be read. */
export type IsMeant = (entry: Entry) => boolean | Promise<boolean>

/** Creates an entry; there is nothing in it until it is read. */
export function createEntry(name: string, identity: TlsIdentity, settings: SecureContextOptions): Entry {
  let loaded: LoadedIdentity | undefined
  let stamp = ''
  let problem: string | undefined
  const current = (): LoadedIdentity => {
    if (loaded) return loaded
    throw new Error('There is no certificate yet.')
  }
  return {
    name,
    current,
    hasChanged: async () => problem !== undefined || (await readStamp(identity)) !== stamp,
    async read() {
      try {
        // Before the files: what is written while they are read is then read again.
        stamp = await readStamp(identity)
        const read = await loadIdentity(identity, name, settings)
        // What is the same stays: with a new context servers forget the sessions that clients would resume.
        const isNew = !isDeepStrictEqual(read.material, loaded?.material)
        if (isNew) loaded = read
        const isBetter = problem !== undefined
        problem = undefined
        return isNew || isBetter
      } catch (error) {
        problem = toTlsError(error).problem
        throw error
      }
    },
    tell() {
      const { notAfter } = current()
      const daysLeft = Math.floor((notAfter.getTime() - Date.now()) / 86_400_000)
      return { name, notAfter, daysLeft, ...(problem !== undefined && { problem }) }
    },
  }
}

/**
 * Reads those that are meant, each by itself: a certificate that is not taken keeps no other from being taken. Tells whether
 * any has changed.
 *
 * @throws {@link TlsError} with what is wrong with each that was not taken.
 */
export async function readEntries(entries: readonly Entry[], isMeant: IsMeant): Promise<boolean> {
  const outcomes = await Promise.allSettled(
    entries.map(async entry => {
      return (await isMeant(entry)) && (await entry.read())
    }),
  )
  const errors = outcomes.flatMap(outcome =>
    outcome.status === 'rejected' ? [toTlsError(outcome.reason)] : [],
  )
  const [error, ...more] = errors
  if (error === undefined) return outcomes.some(outcome => outcome.status === 'fulfilled' && outcome.value)
  if (more.length === 0) throw error
  const join = (name: 'message' | 'problem') => errors.map(each => each[name]).join('; ')
  throw new TlsError(join('message'), join('problem'), { cause: errors })
}

function toTlsError(error: unknown): TlsError {
  if (error instanceof TlsError) return error
  return new TlsError('the files could not be read', 'the files could not be read', { cause: error })
}
