/* What a failure of libvips means to the client. Its own words go into `cause`: they may hold paths. */
import type { SourceFormat } from '../contracts.js'
import { type IIIFError, isIIIFError, NotFoundError, SourceError, TimeoutError } from '../errors.js'

export { throwIfAborted } from '../errors.js'

/** Turns whatever was thrown while a source was read or decoded into an error for the client. */
export function toSourceFailure(cause: unknown): IIIFError {
  if (isIIIFError(cause)) return cause
  const text = cause instanceof Error ? cause.message : ''
  const isMissing = /\bENOENT\b|file is missing|No such file/.test(text)
  if (isMissing) return new NotFoundError('not-found', 'The image is not there.', { cause })
  if (isTimeout(cause))
    return new TimeoutError('The server gave up, because to make the image took too long.')
  if (text.includes('exceeds pixel limit'))
    return tooLarge('The image has more pixels than are allowed.', cause)
  // libvips says "unsupported image format" also of files that it cannot begin to read; the format is known by then.
  if (/not supported|unsupported(?! image format)|not implemented|channel limit/i.test(text)) {
    return new SourceError(501, 'source-unsupported', 'The image is of a kind that cannot be read.', {
      cause,
    })
  }
  return new SourceError(500, 'source-damaged', 'The image is damaged or cut short.', { cause })
}

/** Whether libvips gave up because the time had passed that it was given. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && /^timeout\b/.test(error.message)
}

/** Turns whatever was thrown while the bytes of a source were read into an error for the client. */
export function toReadFailure(cause: unknown): IIIFError {
  const failure = toSourceFailure(cause)
  if (failure === cause || failure instanceof NotFoundError) return failure
  return new SourceError(500, 'source-unreadable', 'The bytes of the image cannot be read.', { cause })
}

/** The error for a source over a limit. */
export function tooLarge(message: string, cause?: unknown): SourceError {
  return new SourceError(413, 'source-too-large', message, cause === undefined ? undefined : { cause })
}

/**
 * How tolerant libvips is while it decodes. A JPEG or PNG that warns is old but sound, and cut ones are errors anyway.
 * But of GIF frames and TIFF tiles that cannot be read libvips only warns, and leaves them blank.
 */
export function failOnOf(format: SourceFormat): 'error' | 'warning' {
  return format === 'gif' || format === 'tif' ? 'warning' : 'error'
}

/** Whether decoding to raw samples failed only because a warning, of which there are no more words, was not tolerated. */
export function isMereWarning(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Warning treated as error')
}
