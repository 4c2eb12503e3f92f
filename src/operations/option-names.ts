/* The names of options, held to their types by the compiler. What bears another name is refused, as by services: an access
   that nobody reads would leave open what its author believes to be closed. */

/** The names of the options of `T`. */
export type Names<T> = Readonly<Record<keyof T, true>>

/**
 * Refuses options that nothing reads.
 *
 * @param path - in front of the names, such as `hosts["a.example"].`
 * @throws TypeError that names the option.
 */
export function requireNames<T extends object>(options: T, names: Names<T>, path = ''): void {
  const unknown = Object.keys(options).find(name => !Object.hasOwn(names, name))
  if (unknown !== undefined) throw new TypeError(`${path}${unknown}: there is no such option`)
}
