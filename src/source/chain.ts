/* Several resolvers as one. */
import type { SourceAnswer, SourceResolver } from '../contracts.js'
import { throwIfAborted } from './failure.js'

/**
 * Creates a resolver that asks others in their order and takes the first answer that it is given. A refusal or an error
 * ends the search: a source that refuses an identifier is not gone around. So a resolver that knows its identifiers by their
 * looks, like one for URLs, stands before one for files, which refuses what cannot be a path.
 *
 * @throws TypeError when a resolver is not a function.
 */
export function firstOf<Answer extends SourceAnswer>(
  ...resolvers: readonly SourceResolver<Answer>[]
): SourceResolver<Answer> {
  for (const resolver of resolvers) {
    if (typeof resolver !== 'function') throw new TypeError('resolvers: expected functions')
  }
  return async (identifier, context) => {
    for (const resolver of resolvers) {
      throwIfAborted(context.signal)
      const answer = await resolver(identifier, context)
      if (answer) return answer
    }
    return undefined
  }
}
