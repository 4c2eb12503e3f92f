/* What each worker gets of the machine: processors and memory are there once, whoever uses them. */
import { type Machine, readMachine } from '../../schedule/machine.js'
import { resolveWorkMemory } from '../../schedule/memory.js'
import type { ServerSettings } from '../options/table.js'

/** What each worker gets. */
export interface Share {
  /** How many workers there are. */
  readonly workers: number
  /** For how many processors a worker may have work at the same time. */
  readonly processors: number
  /** The memory that it makes images in, in bytes. */
  readonly workBytes: number
  /** The memory that it keeps results in, in bytes; 0 for none. */
  readonly cacheBytes: number
}

/* Below it a process of Node with libvips has no room to work in. */
const workerBytes = 512 * 2 ** 20

const cacheBytes = 64 * 2 ** 20

/** Divides the machine, or what was said of it, among the workers. */
export function divideMachine(
  { workers, memory, cacheMemory }: Pick<ServerSettings, 'workers' | 'memory' | 'cacheMemory'>,
  machine: Machine = readMachine(),
): Share {
  const most = Math.max(1, Math.floor(machine.memoryBytes / workerBytes))
  const count = workers ?? Math.min(machine.processors, most)
  const divide = (bytes: number): number => Math.floor(bytes / count)
  return {
    workers: count,
    processors: Math.max(1, Math.ceil(machine.processors / count)),
    workBytes: Math.max(1, divide(memory ?? resolveWorkMemory(machine.memoryBytes))),
    cacheBytes:
      cacheMemory === undefined ? Math.min(cacheBytes, divide(machine.memoryBytes / 8)) : divide(cacheMemory),
  }
}
