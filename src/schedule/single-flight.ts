/* One computation for all who ask for the same at the same time. Who leaves only takes himself away; when nobody is left
   the computation is given up. */
import { throwIfAborted } from '../errors.js'
import { raceSignal } from './race.js'

/** Runs computations under keys; those with equal keys that overlap in time are one. */
export interface SingleFlight<T> {
  /**
   * Joins the computation of `key`, or begins it with `work`. Its signal is aborted when all who asked have left.
   *
   * An error reaches everybody who waits, and is not kept.
   *
   * @param signal - of the one who asks
   * @throws {@link AbortedError} when the signal is aborted; whatever `work` throws.
   */
  run(key: string, signal: AbortSignal | undefined, work: (shared: AbortSignal) => Promise<T>): Promise<T>
  /** The number of computations under way. */
  readonly size: number
}

interface Flight<T> {
  readonly result: Promise<T>
  readonly controller: AbortController
  waiters: number
  hasLanded: boolean
}

/** Creates a place where computations of equal keys meet. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  function begin(key: string, work: (shared: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const result = work(controller.signal)
    const flight = { result, controller, waiters: 0, hasLanded: false }
    flights.set(key, flight)
    const land = (): void => {
      flight.hasLanded = true
      forget(key, flight)
    }
    result.then(land, land)
    return flight
  }

  function forget(key: string, flight: Flight<T>): void {
    if (flights.get(key) === flight) flights.delete(key)
  }

  return {
    async run(key, signal, work) {
      throwIfAborted(signal)
      const flight = flights.get(key) ?? begin(key, work)
      flight.waiters += 1
      try {
        return await (signal ? raceSignal(flight.result, signal) : flight.result)
      } finally {
        flight.waiters -= 1
        if (flight.waiters === 0 && !flight.hasLanded) {
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
