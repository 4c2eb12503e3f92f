/* The origins of viewers: where a token may be posted to. */

/** Whose viewers are given tokens: everybody's (`*`), those of the listed origins, or what a function says. */
export type Origins = '*' | readonly string[] | ((origin: string) => boolean | PromiseLike<boolean>)

/** Tells whether an origin may be given a token. */
export type IsAllowedOrigin = (origin: string) => boolean | PromiseLike<boolean>

/**
 * Reads an origin as viewers send it: scheme, host and perhaps a port; Authentication API 1.0 has a slash behind it in
 * its examples. `undefined` for whatever else, `null` included: a message to it would have to go to everybody.
 *
 * @returns the origin in its one spelling, which is what `postMessage` compares
 */
export function parseOrigin(text: string | null): string | undefined {
  if (text === null || !/^https?:\/\/[^/?#@\\\s]+\/?$/i.test(text) || !URL.canParse(text)) return undefined
  const { origin } = new URL(text)
  // URL takes more for a host than there are hosts: quotes and parentheses, for example.
  return /^https?:\/\/(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/.test(origin) ? origin : undefined
}

/** Checks the origins of viewers. @throws TypeError that names the option. */
export function resolveOrigins(origins: Origins, name: string): IsAllowedOrigin {
  if (origins === '*') return () => true
  if (typeof origins === 'function') return origins
  if (!Array.isArray(origins)) throw new TypeError(`${name}: expected '*', a list of origins or a function`)
  const allowed = new Set<string>()
  for (const text of origins) {
    const origin = parseOrigin(String(text))
    if (origin === undefined) {
      throw new TypeError(
        `${name}: expected origins such as https://viewer.example.org, but one is "${text}"`,
      )
    }
    allowed.add(origin)
  }
  return origin => allowed.has(origin)
}
