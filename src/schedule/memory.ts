/* How much memory there is to work with: that of the container, or of the machine. */
import { totalmem } from 'node:os'
import process from 'node:process'

/** The part of the memory that images are made in: the rest is for Node, caches, and what was estimated too low. */
const workShare = 0.5

/** Half of the memory that this process may use, in bytes: the container's where there is a limit, else the machine's. */
export function resolveWorkMemory(): number {
  // Without a limit Node tells 0, or more than any machine has.
  const limit = process.constrainedMemory()
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem()
  return Math.floor(memory * workShare)
}
