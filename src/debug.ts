/* The debug channels of the library: `DEBUG=honeydew:*` shows them all. A channel that is off costs one boolean. */
import debug from 'debug'

/** A debug channel; test `enabled` before building an expensive argument. */
export type DebugChannel = debug.Debugger

/** Creates the channel `honeydew:<name>`. */
export function createDebug(name: string): DebugChannel {
  return debug(`honeydew:${name}`)
}
