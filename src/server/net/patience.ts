/* Patience with clients that do not read. A large body is watched over while it is sent; a small one is handed to Node at
   once and forgotten, and would stay in memory for as long as its client likes. */
import type { WatchedResponse } from './tracker.js'

/* Who takes less than this has a connection that no image comes through. */
const leastBytesPerSecond = 4000

/** Gives up a response that was given whole, and that its client does not take. */
export function watchReading(
  response: WatchedResponse & { readonly socket?: unknown },
  sendSeconds: number,
): void {
  if (response.writableFinished) return
  const waitMs = (sendSeconds + response.writableLength / leastBytesPerSecond) * 1000
  const giveUp = (): void => {
    // With HTTP/1.1 it may stand behind another answer on the same connection, which is watched itself.
    if (response.socket === null) timer.refresh()
    else response.destroy()
  }
  const timer = setTimeout(giveUp, waitMs).unref()
  response.once('close', () => clearTimeout(timer))
}
