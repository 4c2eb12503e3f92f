/* From an identifier to its source, and for how long the answer is believed: looking a file up costs more than sending
   a stored tile does. */
import { LRUCache } from 'lru-cache'
import type { ImageSource, ResolveContext, SourceResolver } from './contracts.js'
import { buildUnknownImage } from './errors.js'
import { withDeadline } from './schedule/deadline.js'
import type { ServiceSettings } from './settings.js'

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
export function createLocator({ source: resolver, revalidateMs, schedule }: ServiceSettings): Locate {
  const { resolveMs } = schedule.timeouts
  const resolve = async (identifier: string, { signal }: ResolveContext): Promise<Located> => ({
    identifier,
    source: await withDeadline(resolveMs, 'to find the image', signal, within =>
      resolveSource(identifier, resolver, { signal: within }),
    ),
  })
  if (revalidateMs === 0) return resolve
  // The times of the cache itself cost a timer each millisecond.
  const remembered = new LRUCache<string, { readonly image: Located; readonly until: number }>({
    max: maxRemembered,
  })
  return (identifier, context) => {
    const known = remembered.get(identifier)
    if (known && performance.now() < known.until) return known.image
    return resolve(identifier, context).then(image => {
      remembered.set(identifier, { image, until: performance.now() + revalidateMs })
      return image
    })
  }
}

/**
 * Finds the source of an identifier.
 *
 * @throws {@link NotFoundError} when the resolver does not know it.
 */
export async function resolveSource(
  identifier: string,
  resolver: SourceResolver,
  context: ResolveContext = {},
): Promise<ImageSource> {
  const source = await resolver(identifier, context)
  if (source === undefined) throw buildUnknownImage()
  return source
}
