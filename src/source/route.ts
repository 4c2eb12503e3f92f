/* Several resolvers, chosen by how an identifier begins. */
import type { SourceAnswer, SourceResolver } from '../contracts.js'

/** How {@link routeByPrefix} hands identifiers on. */
export interface RouteOptions {
  /** Whether resolvers are given identifiers with their prefix. @defaultValue false: what stands behind it */
  readonly keepPrefix?: boolean
}

/**
 * Creates a resolver that gives each identifier to the one whose prefix it begins with; of several the longest. An
 * identifier without any of the prefixes is "not mine", so that resolvers chain; the prefix `''` takes them all.
 *
 * @throws TypeError when a resolver is not a function, or there is none.
 * @example
 * ```ts
 * const source = routeByPrefix({
 *   'maps/': fileSource('./maps'),
 *   'loc:': httpSource({ url: 'https://repository.example.org/{identifier}' }),
 * })
 * ```
 */
export function routeByPrefix<Answer extends SourceAnswer>(
  routes: Readonly<Record<string, SourceResolver<Answer>>>,
  options: RouteOptions = {},
): SourceResolver<Answer> {
  const { keepPrefix = false } = options
  if (typeof keepPrefix !== 'boolean') throw new TypeError('keepPrefix: expected true or false')
  const entries = Object.entries(routes).toSorted(([one], [two]) => two.length - one.length)
  if (entries.length === 0 || entries.some(([, resolver]) => typeof resolver !== 'function'))
    throw new TypeError('routes: expected resolvers by their prefixes')
  return (identifier, context) => {
    const [prefix = '', resolver] = entries.find(([start]) => identifier.startsWith(start)) ?? []
    return resolver?.(keepPrefix ? identifier : identifier.slice(prefix.length), context)
  }
}
