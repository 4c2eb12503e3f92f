/* What users are told of an error. */
import { isIIIFError, ToolError } from '../errors.js'
import { plain } from './text.js'

/** Explains an error: one that was made for users by its message, any other with where it happened. */
export function explainError(error: unknown): string {
  if (!(error instanceof Error)) return plain(String(error))
  return isIIIFError(error) || error instanceof ToolError
    ? plain(error.message)
    : (error.stack ?? error.message)
}
