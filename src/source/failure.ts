/* What a failing file system means to the client. Messages never name a path: the cause does, for the log. */
import { type IIIFError, isIIIFError, SourceError } from '../errors.js'

export { throwIfAborted } from '../errors.js'

const missing: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'])
const forbidden: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM'])

/** Whether `error` says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return missing.has(systemCode(error))
}

/** Builds the error that a failed operation on a file becomes; errors of our own stay what they are. */
export function buildFailure(error: unknown): IIIFError {
  if (isIIIFError(error)) return error
  if (forbidden.has(systemCode(error)))
    return new SourceError(403, 'source-forbidden', 'This server may not read the source.', { cause: error })
  return new SourceError(500, 'source-unreadable', 'The source cannot be read.', { cause: error })
}

/** Builds the error for bytes that are no longer those of the version that was resolved. */
export function buildChanged(cause?: unknown): SourceError {
  const message = 'The source has changed since it was looked up; ask again.'
  return new SourceError(503, 'source-changed', message, { cause })
}

/** Builds the error for a folder of images that is not there, or is closed to this process. */
export function buildRootFailure(cause: unknown): SourceError {
  return new SourceError(500, 'source-unreadable', 'The folder of the images cannot be read.', { cause })
}

function systemCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
