/* How much to fetch beyond what is needed: a viewer that looks around wants the neighbours of a tile next, a program
   that jumps about never does. What was fetched ahead tells by its use. */

/** Learns for one source whether reading ahead is worth it. */
export interface ReadAhead {
  /** How many blocks to fetch beyond those that are needed. */
  budget(): number
  /** Hears that blocks were fetched ahead. */
  addFetched(blocks: number): void
  /** Hears that blocks were used that had been fetched ahead. */
  addUsed(blocks: number): void
  /** Hears that blocks are needed beside others that are there: reading ahead would have brought them. */
  addMissed(): void
}

/* Below this, what is fetched ahead costs more than the requests that it saves. */
const worthwhileShare = 0.4

/* How many fetches of the full budget are made before there is a verdict, and are remembered by it. */
const trials = 4
const memory = 16

/** Creates what learns for one source; `most` is the largest budget, in blocks. */
export function createReadAhead(most: number): ReadAhead {
  let fetched = 0
  let used = 0
  const add = (moreFetched: number, moreUsed: number): void => {
    fetched += moreFetched
    used += moreUsed
    if (fetched < memory * most) return
    fetched /= 2
    used /= 2
  }
  const isWorthwhile = (): boolean => fetched < trials * most || used >= worthwhileShare * fetched
  return {
    budget: () => (isWorthwhile() ? most : 0),
    addFetched: blocks => add(blocks, 0),
    addUsed: blocks => add(0, blocks),
    addMissed() {
      if (!isWorthwhile()) add(most, most)
    },
  }
}
