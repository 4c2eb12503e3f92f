/* The one error of this folder: a file that says TIFF and then breaks the rules of TIFF, by accident or on purpose. */
import { SourceError } from '../../errors.js'

/** Creates the error for a damaged file; `what` completes the sentence "The TIFF file is damaged: …". */
export function createDamage(what: string, options?: ErrorOptions): SourceError {
  return new SourceError(500, 'source-damaged', `The TIFF file is damaged: ${what}.`, options)
}
