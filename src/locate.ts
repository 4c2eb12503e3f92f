/* From an identifier to its source, and for how long the answer is believed: looking a file up costs more than sending
   a stored tile does. */
import { LRUCache } from 'lru-cache'
import type { ImageSource, ResolveContext, SourceRefusal, SourceResolver } from './contracts.js'
import { IIIFError, MovedError, NotFoundError } from './errors.js'
import type { ServiceSettings } from './options.js'

/** An identifier and the source that it was resolved to. */
export interface Located {
  /** The identifier, decoded. */
  readonly identifier: string
  /** Its source. */
  readonly source: ImageSource
}

/** Finds the source of an identifier; at once where it was found a moment ago. */
export type Locate = (identifier: string, context: ResolveContext) => Located | Promise<Located>

const maxRemembered = 10_000

/** Creates the function that finds sources, and remembers them for as long as the settings say. */
export function createLocator({ source: resolver, revalidateMs }: ServiceSettings): Locate {
  const resolve = async (identifier: string, context: ResolveContext): Promise<Located> => ({
    identifier,
    source: await resolveSource(identifier, resolver, context.signal ? { signal: context.signal } : {}),
  })
  if (revalidateMs === 0) return resolve
  const remembered = new LRUCache<string, Located>({
    max: maxRemembered,
    ...(revalidateMs === Infinity ? {} : { ttl: revalidateMs }),
  })
  return (identifier, context) => {
    const known = remembered.get(identifier)
    if (known) return known
    return resolve(identifier, context).then(located => {
      remembered.set(identifier, located)
      return located
    })
  }
}

/**
 * Finds the source of an identifier.
 *
 * @throws {@link NotFoundError} when the resolver does not know it.
 * @throws {@link MovedError} when the resolver says that it is elsewhere.
 * @throws {@link IIIFError} with the status of a refusal.
 */
export async function resolveSource(
  identifier: string,
  resolver: SourceResolver,
  context: ResolveContext = {},
): Promise<ImageSource> {
  const answer = await resolver(identifier, context)
  if (answer === undefined) throw new NotFoundError('not-found', 'There is no image with this identifier.')
  if (!('kind' in answer)) return answer
  throw answer.kind === 'redirect' ? new MovedError(answer.status, answer) : buildRefusal(answer)
}

function buildRefusal({ status, message }: SourceRefusal): IIIFError {
  const code = status === 404 || status === 410 ? 'not-found' : 'source-forbidden'
  return new IIIFError(status, code, message ?? 'This image is not to be had.')
}
