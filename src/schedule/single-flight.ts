/* One computation for all who ask for the same at the same time. Who leaves only takes himself away; when nobody is left
   the computation is given up. */
import { throwIfAborted } from '../errors.js'
import { type Patience, raceSignal } from '../race.js'

/** Runs computations under keys; those with equal keys that overlap in time are one. */
export interface SingleFlight<T> {
  /**
   * Joins the computation of `key`, or begins it with `work`. Its signal is aborted when all who asked have left, and when it
   * fails.
   *
   * An error reaches everybody who waits, and is not kept.
   *
   * @param signal - of the one who asks
   * @param patience - how long he waits
   * @throws {@link AbortedError} when the signal is aborted; {@link TimeoutError}; whatever `work` throws.
   */
  run(
    key: string,
    signal: AbortSignal | undefined,
    work: (shared: AbortSignal) => Promise<T>,
    patience?: Patience,
  ): Promise<T>
  /** The number of computations under way. */
  readonly size: number
}

interface Flight<T> {
  /* None when it has landed: the table of a `Map` that has grown old lives on for a while, with all that was in it. */
  result: Promise<T> | undefined
  readonly controller: AbortController
  waiters: number
}

/** Creates a place where computations of equal keys meet. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  function begin(key: string, work: (shared: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const result = work(controller.signal)
    const flight: Flight<T> = { result, controller, waiters: 0 }
    flights.set(key, flight)
    const land = (): void => {
      flight.result = undefined
      forget(key, flight)
    }
    result.then(land, error => {
      land()
      // What still goes on of it, a read that is late, is given up.
      controller.abort(error)
    })
    return flight
  }

  function forget(key: string, flight: Flight<T>): void {
    if (flights.get(key) === flight) flights.delete(key)
  }

  return {
    async run(key, signal, work, patience) {
      throwIfAborted(signal)
      const flight = flights.get(key) ?? begin(key, work)
      // What is in the table has not landed.
      const result = flight.result as Promise<T>
      flight.waiters += 1
      try {
        return await raceSignal(result, signal, patience)
      } finally {
        flight.waiters -= 1
        if (flight.waiters === 0 && flight.result) {
          // Whoever asks from now on begins anew: this one is being given up.
          forget(key, flight)
          flight.controller.abort()
        }
      }
    },
    get size() {
      return flights.size
    },
  }
}
