/* Which certificate a client is shown that asks for a host by its name: the one of that name, else the one of `*` and all
   but the first word of it (RFC 9525 section 6.3), else none. */

/** Finds what belongs to the name of a host; `undefined` where nothing does. */
export type FindHost<T> = (name: string) => T | undefined

/* DNS names as they are sent: in ASCII, without a dot at the end (RFC 6066 section 3). */
const hostShape = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/i

/** Creates the function that finds. @throws TypeError for names that are no hosts, or there twice. */
export function createHostTable<T extends { readonly name: string }>(entries: readonly T[]): FindHost<T> {
  const table = new Map<string, T>()
  for (const entry of entries) {
    const name = entry.name.toLowerCase()
    if (entry.name.length > 253 || !hostShape.test(name)) {
      throw new TypeError(
        `hosts: expected names such as "images.example.org" or "*.example.org", in ASCII, but one is "${entry.name}"`,
      )
    }
    if (table.has(name)) throw new TypeError(`hosts: "${name}" is there twice`)
    table.set(name, entry)
  }
  return asked => {
    const name = asked.toLowerCase()
    const dot = name.indexOf('.')
    return table.get(name) ?? (dot > 0 ? table.get(`*${name.slice(dot)}`) : undefined)
  }
}
