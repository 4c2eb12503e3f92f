/* Options: how the server is operated, and how it ends. */
import type { OptionTable, OptionType } from './option.js'
import { choice, flag, path, seconds, text, textLike } from './types.js'

/** How the server is operated, and how it ends. */
export interface OperationSettings {
  /**
   * Who may ask for `/health` and `/ready`: programs on this machine (`loopback`), everybody (`open`), who has the `token`, or
   * nobody (`closed`). @defaultValue loopback
   */
  readonly healthAccess: Access
  /** Who may ask for `/metrics`. @defaultValue token where there is one, else loopback */
  readonly metricsAccess?: Access
  /** Who may ask for `/status`. @defaultValue token where there is one, else loopback */
  readonly statusAccess?: Access
  /** Who may purge and warm caches, at `/tasks`. @defaultValue token where there is one, else loopback */
  readonly tasksAccess?: Access
  /** A file with the token for these, or several, a line for each; of at least 16 characters. @defaultValue none */
  readonly operationsTokenFile?: string
  /** The path in front of these. @defaultValue `/`: nothing */
  readonly operationsPrefix: string
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

/** Who may ask. */
export type Access = 'loopback' | 'open' | 'token' | 'closed'

const access: OptionType<Access> = choice('loopback', 'open', 'token', 'closed')

const otherwise = 'token where there is one, else loopback'

/** The rows. */
export const operationOptions: OptionTable<OperationSettings> = {
  healthAccess: { type: access, default: 'loopback', help: 'who may ask for /health and /ready' },
  metricsAccess: { type: access, otherwise, help: 'who may ask for /metrics' },
  statusAccess: { type: access, otherwise, help: 'who may ask for /status' },
  tasksAccess: { type: access, otherwise, help: 'who may purge and warm caches, at /tasks' },
  operationsTokenFile: { type: path, otherwise: 'none', help: 'a file with the token for these' },
  operationsPrefix: {
    type: textLike('a path such as /operations', '<path>', /^\/(?:[\w.~-]+(?:\/[\w.~-]+)*)?$/),
    default: '/',
    help: 'the path in front of these',
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
