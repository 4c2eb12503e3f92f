/* Finds fields that do not exist. The schemas of Kubernetes let every field through that they do not know, as Kubernetes
   does; but whoever checks an object against them looks at each field that they know, and at no other. */

/** An object that notes what is looked at. */
export interface Watched {
  /** It, to be looked at. */
  readonly object: object
  /** Lists the paths of the fields that nobody has looked at. */
  listUnseen(): readonly string[]
}

/** Watches an object and all in it. */
export function watch(object: object): Watched {
  const unseen = new Map<object, Set<string>>()
  const wrapped = new Map<object, object>()
  const wrap = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const known = wrapped.get(value)
    if (known) return known
    const left = new Set(Object.keys(value))
    unseen.set(value, left)
    const proxy = new Proxy(value, {
      get(target, name, receiver) {
        if (typeof name === 'string') left.delete(name)
        return wrap(Reflect.get(target, name, receiver))
      },
    })
    wrapped.set(value, proxy)
    return proxy
  }
  const list = (value: unknown, path: string): string[] => {
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([name, field]) =>
      unseen.get(value)?.has(name) ? [`${path}.${name}`] : list(field, `${path}.${name}`),
    )
  }
  return { object: wrap(object) as object, listUnseen: () => list(object, '') }
}
