/* What workers do for one another. Where there is one, it has nobody to ask. */
import type { HttpReply } from '../contracts.js'
import type { ProcessReport } from '../operations/index.js'
import type { PurgeTarget } from '../service/upkeep.js'

/** A request for the operations that are done by one worker for all, as plain data. */
export interface PlainRequest {
  /** The method. */
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** The headers; names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The scheme of the connection. */
  readonly scheme: 'http' | 'https'
  /** `Host` or `:authority`. */
  readonly authority?: string
  /** The address of the peer. */
  readonly remoteAddress?: string
  /** The body. */
  readonly body: Uint8Array
}

/** The other workers. */
export interface Colleagues {
  /** What each of them tells of itself, as far as they answer in time. */
  reports(): Promise<readonly ProcessReport[]>
  /** Has all of them forget. @throws where one does not tell that it has. */
  purge(target: PurgeTarget): Promise<void>
  /**
   * Has the worker answer that does what is to be done once, with `undefined` for what is no path of its; there is no such
   * function where this one is it.
   */
  readonly askLead?: (request: PlainRequest) => Promise<HttpReply | undefined>
}

/** Nobody else. */
export const nobody: Colleagues = {
  reports: async () => [],
  purge: async () => {},
}
