// A process that asks a file cache for entries and writes what is not there, until it is killed or its time is over.
// It tells on stdout: `ready` when it has written something, at the end what it saw.
import { fileCache } from '../../dist/cache/file.js'
import { formatKey, isRight, makeEntry } from './cache-trace.js'
import { createRandom } from './random.js'

const [folder = '', maxBytes = '', items = '', meanBytes = '', seed = '', seconds = ''] =
  process.argv.slice(2)
const cache = fileCache({ folder, maxBytes: Number(maxBytes) })
const random = createRandom(Number(seed))
const end = Date.now() + Number(seconds) * 1000
let isReady = false
const seen = { hits: 0, misses: 0, wrong: 0, failures: 0 }

/** Asks for one entry, and writes it if it is not there. */
async function request() {
  const key = formatKey(Math.floor(random() * Number(items)))
  const found = await cache.get(key)
  if (!found) {
    seen.misses += 1
    await cache.set(key, makeEntry(key, Number(meanBytes)))
  } else if (isRight(key, found, Number(meanBytes))) seen.hits += 1
  else seen.wrong += 1
}

await Promise.all(
  Array.from({ length: 4 }, async () => {
    while (Date.now() < end) {
      await request().catch(() => {
        seen.failures += 1
      })
      if (!isReady && seen.misses >= 4) {
        isReady = true
        process.stdout.write('ready\n')
      }
    }
  }),
)
await cache.close?.()
process.stdout.write(`${JSON.stringify({ ...seen, ...cache.stats?.() })}\n`)
