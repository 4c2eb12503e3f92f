/* The time limits of requests to other servers. */

/** How long each part of a request may take, in milliseconds. */
export interface HttpTimeouts {
  /** Until the connection is made. @defaultValue 5,000 */
  readonly connectMs?: number
  /** From there until the headers of the answer. @defaultValue 15,000 */
  readonly headersMs?: number
  /** Between two pieces of the body. @defaultValue 15,000 */
  readonly idleMs?: number
  /** For everything, retries and redirects included; of one range, not of a whole file. @defaultValue 60,000 */
  readonly totalMs?: number
  /** For everything, where a whole file has to be fetched. @defaultValue 900,000 */
  readonly wholeMs?: number
}

/** Puts the defaults in place. @throws TypeError that names the option, where one is not what it must be. */
export function resolveTimeouts(timeouts: HttpTimeouts = {}): Required<HttpTimeouts> {
  const {
    connectMs = 5000,
    headersMs = 15_000,
    idleMs = 15_000,
    totalMs = 60_000,
    wholeMs = 900_000,
  } = timeouts
  const resolved = { connectMs, headersMs, idleMs, totalMs, wholeMs }
  for (const [name, value] of Object.entries(resolved)) requireCount(`timeouts.${name}`, value, 1)
  return resolved
}

/** Refuses what is no whole number. @throws TypeError that names the option. */
export function requireCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new TypeError(`${name}: expected a whole number from ${least} but received ${value}`)
}
