/* A queue that serves clients in turn: who asks for a thousand tiles waits for them himself. When it is full, whoever has
   most in it gives way. */

/** Something that waits. */
export interface Waiting {
  /** Who it waits for. */
  readonly client: string
}

/** A bounded queue; each client has a line of its own, and the lines are served in turn. */
export interface FairQueue<T extends Waiting> {
  /**
   * Puts an item at the end of the line of its client.
   *
   * @returns the item that had to give way, which may be this one; `undefined` where there was room
   */
  push(item: T): T | undefined
  /** The first item of the client whose turn it is and whom `isReady` lets pass; it stays in the queue. */
  peek(isReady: (client: string) => boolean): T | undefined
  /** Takes out an item whose turn it was: its client goes to the end of the turn. */
  serve(item: T): void
  /** Takes out an item that waits no more, wherever it is; its client keeps its turn. */
  remove(item: T): void
  /** The number of items. */
  readonly size: number
}

/**
 * Creates a queue.
 *
 * @param maxSize how many items wait at most
 */
export function createFairQueue<T extends Waiting>(maxSize: number): FairQueue<T> {
  // A Map keeps the order in which its keys were put in: that is the turn.
  const lines = new Map<string, T[]>()
  let size = 0

  const longest = (): T[] =>
    [...lines.values()].reduce((one, other) => (other.length > one.length ? other : one), [])

  const queue: FairQueue<T> = {
    push(item) {
      const line = lines.get(item.client) ?? []
      if (size >= maxSize) {
        const long = longest()
        const last = long.at(-1)
        // Equal claims do not drive each other out: who was there first stays.
        if (last === undefined || long.length <= line.length + 1) return item
        queue.remove(last)
        append(item)
        return last
      }
      append(item)
      return undefined
    },
    peek(isReady) {
      for (const [client, [first]] of lines) if (first && isReady(client)) return first
      return undefined
    },
    serve(item) {
      queue.remove(item)
      const line = lines.get(item.client)
      if (line === undefined) return
      lines.delete(item.client)
      lines.set(item.client, line)
    },
    remove(item) {
      const line = lines.get(item.client)
      const at = line?.indexOf(item) ?? -1
      if (line === undefined || at === -1) return
      line.splice(at, 1)
      size -= 1
      if (line.length === 0) lines.delete(item.client)
    },
    get size() {
      return size
    },
  }

  function append(item: T): void {
    const line = lines.get(item.client)
    if (line) line.push(item)
    else lines.set(item.client, [item])
    size += 1
  }

  return queue
}
