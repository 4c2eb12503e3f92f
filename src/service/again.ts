/* A source may change between two reads of it. Nothing of the old and the new is ever mixed: the work fails, and is done
   once more with the source as it is now. */

import { isIIIFError } from '../errors.js'
import type { Desk } from './desk.js'

/**
 * Waits for work about an image, and has it done again when its source has changed meanwhile.
 *
 * @param first - the work, begun
 * @param again - does the same work
 */
export async function againIfChanged<T>(
  identifier: string,
  desk: Desk,
  first: Promise<T>,
  again: () => T | Promise<T>,
): Promise<T> {
  try {
    return await first
  } catch (error) {
    if (!isIIIFError(error) || error.code !== 'source-changed') throw error
    desk.reopen(desk.settings.access.codec.parse(identifier).identifier)
    return again()
  }
}
