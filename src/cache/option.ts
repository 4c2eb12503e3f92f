/* The checks of options that the caches share. Each throws a TypeError that begins with the name of the option. */

/** Checks a whole number from 1. @throws TypeError */
export function requireCount(name: string, value: unknown): void {
  if (Number.isSafeInteger(value) && Number(value) > 0) return
  throw new TypeError(`${name}: expected a whole number from 1, received ${String(value)}`)
}

/** Checks a duration that a timer can wait. @throws TypeError */
export function requireMilliseconds(name: string, value: unknown): void {
  if (typeof value === 'number' && value > 0 && value < 2 ** 31) return
  throw new TypeError(`${name}: expected milliseconds above 0, received ${String(value)}`)
}

/** Checks a duration, if there is one; of any length. @throws TypeError */
export function requireSeconds(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return
  throw new TypeError(`${name}: expected seconds above 0, received ${String(value)}`)
}
