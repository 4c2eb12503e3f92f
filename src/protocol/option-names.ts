/* The names of options, held to their types by the compiler. What bears another name is refused: a limit or an `authorise`
   that nobody reads would leave open what its author believes to be closed. */

/** The names of the options of `T`, and of those within a group. */
export type Names<T> = Readonly<Record<keyof T, true | object>>

/**
 * Refuses options that nothing reads, within groups too. What is no group at all is refused where it is read, in better
 * words.
 *
 * @param path - in front of the names, such as `limits.`
 * @throws TypeError that names the option.
 */
export function requireNames(options: unknown, names: object, path = ''): void {
  if (typeof options !== 'object' || options === null) return
  const known = new Map<string, unknown>(Object.entries(names))
  for (const [name, inner] of Object.entries(options)) {
    const expected = known.get(name)
    if (expected === undefined) throw new TypeError(`${path}${name}: there is no such option`)
    if (typeof expected === 'object' && expected !== null) requireNames(inner, expected, `${path}${name}.`)
  }
}
