/* A port for a program that cannot be told to take any. */
import { createServer } from 'node:net'

/** A port that was free a moment ago. @returns {Promise<number>} */
export function takePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}
