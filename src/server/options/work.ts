/* Options: how much is done at the same time, how it is operated, and how it ends. */
import type { OptionTable } from './option.js'
import { bytes, flag, path, seconds, text, whole } from './types.js'

/** How much is done at the same time, how it is operated, and how it ends. */
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
  /**
   * Whether there are `/health`, `/ready`, `/metrics`, `/status` and `/tasks`: for programs on this machine, or for whoever
   * has the token. @defaultValue true
   */
  readonly operations: boolean
  /** A file with the token for the operations, or several, a line for each. @defaultValue none: this machine only */
  readonly operationsTokenFile?: string
  /** The identifier of an image that `/health` makes small each time, to see whether images can be had. @defaultValue none */
  readonly healthImage?: string
  /**
   * Whether there is a page at `/` that lists the images of the folder, to look at them.
   * @defaultValue true, unless `authorize` decides who may see what
   */
  readonly startPage?: boolean
  /** For how long requests may take to come to their end when the server is to end, in seconds. @defaultValue 30 */
  readonly shutdownSeconds: number
  /**
   * For how long the server says that it is not ready before it stops to accept, in seconds: so long a load balancer takes
   * to notice. @defaultValue 0
   */
  readonly shutdownDelaySeconds: number
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
  operations: { type: flag, default: true, help: '/health, /ready, /metrics, /status and /tasks' },
  operationsTokenFile: {
    type: path,
    otherwise: 'this machine only',
    help: 'a file with the token for these',
  },
  healthImage: {
    type: text,
    otherwise: 'none',
    sets: 'health.identifier',
    help: 'the identifier of an image that /health makes',
  },
  startPage: {
    type: flag,
    otherwise: 'true without authorize',
    help: 'a page at / to look at the images of the folder',
  },
  shutdownSeconds: {
    type: seconds(0),
    default: 30,
    help: 'how long requests may take to end when the server ends',
  },
  shutdownDelaySeconds: {
    type: seconds(0),
    default: 0,
    help: 'how long the server is not ready before it stops to accept',
  },
}
