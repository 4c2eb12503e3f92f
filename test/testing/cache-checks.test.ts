import { describe, expect, it } from 'vitest'
import type { Cache, CacheEntry } from '../../src/contracts.js'
import { cacheChecks } from '../../src/testing/index.js'

/** Caches that each do one thing wrong, and what tells on them. */
const wrongs: readonly (readonly [what: string, told: string, create: () => Cache])[] = [
  ['keeps nothing', 'gives the bytes and the media type that it was given', () => wrong({ set() {} })],
  ['has something at first', 'has nothing at first', () => wrong({ get: () => text('a') })],
  [
    'gives the buffer that the bytes are a part of',
    'takes bytes that are part of a larger buffer for what they are',
    () => wrong({}, ({ bytes, mediaType }) => ({ bytes: new Uint8Array(bytes.buffer), mediaType })),
  ],
  [
    'does not replace',
    'replaces an entry',
    () => {
      const cache = wrong()
      return { ...cache, set: (key, entry) => (cache.get(key) ? undefined : cache.set(key, entry)) }
    },
  ],
  [
    'does not tell upper from lower case',
    'keeps keys apart, whatever they are made of',
    () => {
      const cache = wrong()
      return {
        ...cache,
        get: key => cache.get(key.toLowerCase()),
        set: (key, entry) => cache.set(key.toLowerCase(), entry),
      }
    },
  ],
  ['never forgets', 'forgets one key', () => wrong({ delete() {} })],
  [
    'purges what begins alike',
    'forgets exactly the entries of "a"',
    () =>
      wrong(
        {},
        entry => entry,
        identifier => key => key.startsWith(encodeURIComponent(identifier)),
      ),
  ],
  [
    'takes an identifier for a pattern',
    'forgets exactly the entries of "a*"',
    () =>
      wrong(
        {},
        entry => entry,
        identifier => key =>
          new RegExp(`^${identifier.replaceAll('*', '.*')}\\|`).test(decodeURIComponent(key)),
      ),
  ],
  [
    'sweeps everything away',
    'keeps what has not expired when it sweeps',
    () => {
      const cache = wrong()
      const sweep = async () => {
        await cache.delete({ kind: 'all' })
        return { deletedEntries: 2, deletedBytes: 10 }
      }
      return { ...cache, sweep }
    },
  ],
]

describe('the checks for caches', () => {
  it.each(wrongs)('tell of a cache that %s', async (_, told, create) => {
    expect(await listFailures(create)).toContain(told)
  })

  it('are content with a simple cache', async () => {
    expect(await listFailures(() => wrong())).toEqual([])
  })

  it('close what they were given, also when it failed', async () => {
    let open = 0
    const create = (): Cache => {
      open += 1
      return wrong({
        get: () => {
          throw new Error('broken')
        },
        close() {
          open -= 1
        },
      })
    }
    expect((await listFailures(create)).length).toBeGreaterThan(5)
    expect(open).toBe(0)
  })
})

async function listFailures(create: () => Cache): Promise<string[]> {
  const failures: string[] = []
  for (const { title, run } of cacheChecks) await run(create).catch(() => failures.push(title))
  return failures
}

function text(words: string): CacheEntry {
  return { bytes: Buffer.from(words), mediaType: 'image/jpeg' }
}

/* A map as a cache, with something else in the place of what it would do right. */
function wrong(
  instead: Partial<Cache> = {},
  change: (entry: CacheEntry) => CacheEntry = entry => entry,
  isOf: (identifier: string) => (key: string) => boolean = identifier => key =>
    key.startsWith(`${encodeURIComponent(identifier)}|`),
): Cache {
  const entries = new Map<string, CacheEntry>()
  return {
    get: key => entries.get(key),
    set(key, entry) {
      entries.set(key, change(entry))
    },
    delete(match) {
      if (match.kind === 'all') entries.clear()
      else if (match.kind === 'key') entries.delete(match.key)
      else for (const key of [...entries.keys()].filter(isOf(match.identifier))) entries.delete(key)
    },
    ...instead,
  }
}
