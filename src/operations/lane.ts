/* One lane of tasks: so many go on side by side, the others wait in the order in which they came. */

/** A lane of tasks. */
export interface TaskLane {
  /** Runs `work` when it is its turn; it must not reject. Gives what takes it away again, `true` while it waits. */
  enter(work: () => Promise<void>): () => boolean
}

/** Creates a lane. */
export function createTaskLane(width: number): TaskLane {
  const waiting = new Set<() => Promise<void>>()
  let running = 0
  const next = (): void => {
    const [work] = waiting
    if (work === undefined || running >= width) return
    waiting.delete(work)
    running += 1
    void work().finally(() => {
      running -= 1
      next()
    })
  }
  return {
    enter(work) {
      const entry = () => work()
      waiting.add(entry)
      next()
      return () => waiting.delete(entry)
    },
  }
}
