/* How much memory images may be made in. */
import { readMachine } from './machine.js'

/** The part of the memory that images are made in: the rest is for Node, caches, and what was estimated too low. */
const workShare = 0.5

/** Half of the memory that this process may use, in bytes: the container's where there is a limit, else the machine's. */
export function resolveWorkMemory(memoryBytes: number = readMachine().memoryBytes): number {
  return Math.floor(memoryBytes * workShare)
}
