/* Stored tiles of images that are far away, fetched to where they are taken without waiting: from there on they are like
   those of a local file, and cost as little. To wait for another server takes neither processor time nor memory, and needs
   no place in a lane: all tiles that a viewer asks for at once are on their way at once. */
import type { StoredPlan } from '../image/stored.js'
import type { ImageStore } from './image-store.js'
import type { Located } from './locate.js'

/**
 * Fetches a stored tile, or the tile that a part is cut out of; `undefined` where that is of no use, or too many wait.
 *
 * @param signal - tells that nobody waits any more
 * @throws {@link SourceError}, {@link TimeoutError}, {@link AbortedError}; what the image itself is to blame for is left to
 * whoever makes the image.
 */
export type Prefetch = (
  image: Located,
  stored: StoredPlan | undefined,
  signal: AbortSignal | undefined,
) => Promise<void> | undefined

/**
 * Creates what fetches stored tiles.
 *
 * @param maxWaiting - how many may wait at a time: whoever comes then asks for a place in a lane, and may be refused
 */
export function createPrefetch(store: ImageStore, maxWaiting: number): Prefetch {
  let waiting = 0
  const leave = (): void => {
    waiting -= 1
  }
  return (image, stored, signal) => {
    // What comes in pieces is not taken at once, wherever it is.
    if (stored === undefined || stored.kind === 'stream' || waiting >= maxWaiting) return undefined
    const fetching = store.peek(image)?.prefetch?.(stored.level, stored.box, signal)
    if (fetching === undefined) return undefined
    waiting += 1
    return fetching.finally(leave)
  }
}
