/* Options: how much is done at the same time. */
import type { OptionTable } from './option.js'
import { bytes, seconds, whole } from './types.js'

/** How much is done at the same time. */
export interface WorkSettings {
  /** How many processes answer. @defaultValue one for each processor that the machine, or its container, has */
  readonly workers?: number
  /**
   * The memory that images are made in, in bytes, of all workers together; each has its part. What Node itself needs, some
   * 100 MB for each worker, comes on top. @defaultValue half of what the machine, or its container, has
   */
  readonly memory?: number
  /** How many tiles each worker makes side by side. @defaultValue by its part of the processors, and one more */
  readonly tileLane?: number
  /** How many larger images each worker makes side by side. @defaultValue by half of its part of the processors */
  readonly largeLane?: number
  /** After how long an answer that has not begun is given up, in seconds. @defaultValue 120 */
  readonly requestSeconds?: number
}

/** The rows. */
export const workOptions: OptionTable<WorkSettings> = {
  workers: {
    type: whole(1, 512),
    otherwise: 'one for each processor',
    help: 'how many processes answer',
  },
  memory: {
    type: bytes(1),
    otherwise: 'half of what there is',
    help: 'memory that images are made in, of all workers',
  },
  tileLane: {
    type: whole(1),
    otherwise: 'by processors',
    sets: 'schedule.tile.concurrency',
    help: 'how many tiles each worker makes side by side',
  },
  largeLane: {
    type: whole(1),
    otherwise: 'by processors',
    sets: 'schedule.large.concurrency',
    help: 'the same of larger images',
  },
  requestSeconds: {
    type: seconds(1),
    otherwise: '120',
    sets: 'schedule.timeouts.requestSeconds',
    help: 'when an answer that has not begun is given up',
  },
}
