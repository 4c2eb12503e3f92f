// What every cache must do: run it over each implementation.
import { describe, it } from 'vitest'
import type { Cache } from '../../src/contracts.js'
import { cacheChecks } from '../../src/testing/cache-checks.js'

/** Describes a cache; `create` gives a new one that is empty and has room for a hundred small entries. */
export function describeCacheContract(name: string, create: () => Cache | Promise<Cache>): void {
  describe(`${name} fulfils the contract of a cache: it`, () => {
    for (const { title, run } of cacheChecks) it(title, () => run(create))
  })
}
