/* Checks of options: each takes a value as it came and its name, and gives what is meant or throws a TypeError that
   tells what was expected and what was received. A missing value is the default. */

/** An opaque colour; samples from 0 to 255. */
export interface Colour {
  /** Red. */
  readonly r: number
  /** Green. */
  readonly g: number
  /** Blue. */
  readonly b: number
}

/** Checks one option. @throws TypeError that names it. */
export type Check<T> = (value: unknown, name: string) => T

/** Checks that a value is an object of known options; none where it is missing. */
export function checkGroup(
  value: unknown,
  name: string,
  allowed: readonly string[],
): Record<string, unknown> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null) throw mismatch(name, 'an object', value)
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) throw new TypeError(`${name}.${key}: there is no such option`)
  }
  return value as Record<string, unknown>
}

/** A check for whole numbers in a range. */
export const integer =
  (low: number, high: number, fallback: number): Check<number> =>
  (value = fallback, name) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value
    throw mismatch(name, `a whole number from ${low} to ${high}`, value)
  }

/** A check for numbers in a range; without a default the option is needed. */
export const number =
  (low: number, high: number, fallback?: number): Check<number> =>
  (value = fallback, name) => {
    if (typeof value === 'number' && value >= low && value <= high) return value
    throw mismatch(name, `a number from ${low} to ${high}`, value)
  }

/** A check for switches. */
export const flag =
  (fallback: boolean): Check<boolean> =>
  (value = fallback, name) => {
    if (typeof value === 'boolean') return value
    throw mismatch(name, 'true or false', value)
  }

/** A check for words from a list. */
export const oneOf =
  <T extends string>(values: readonly [T, ...T[]], fallback?: T): Check<T> =>
  (value = fallback, name) => {
    const found = values.find(item => item === value)
    if (found === undefined) throw mismatch(name, `one of ${values.join(', ')}`, value)
    return found
  }

/** A check for colours. */
export const colour =
  (fallback: string): Check<Colour> =>
  (value = fallback, name) => {
    const hex =
      typeof value === 'string' ? /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.exec(value)?.[0].slice(1) : undefined
    if (hex === undefined) throw mismatch(name, 'a colour as #rgb or #rrggbb', value)
    const digits = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex
    const sample = (at: number) => Number.parseInt(digits.slice(at, at + 2), 16)
    return Object.freeze({ r: sample(0), g: sample(2), b: sample(4) })
  }

/** The error for an option that is something else than what was expected. */
export function mismatch(name: string, expected: string, received: unknown): TypeError {
  const text = JSON.stringify(received) ?? String(received)
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text
  return new TypeError(`${name}: expected ${expected} but received ${shown}`)
}
