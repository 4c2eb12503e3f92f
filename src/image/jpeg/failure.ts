/* The two ways in which work on JPEG streams fails; whoever asked for it falls back to decoding to pixels. */
import { SourceError } from '../../errors.js'

/** The error of a stream whose bytes break ITU-T T.81. */
export function damaged(what: string): SourceError {
  return new SourceError(500, 'source-damaged', `The JPEG data is damaged: ${what}.`)
}

/** The error of a stream, or of a wish, that is valid but cannot be fulfilled without decoding to pixels. */
export function unsupported(what: string): SourceError {
  return new SourceError(500, 'source-unsupported', `The JPEG data cannot be used as it is: ${what}.`)
}
