/* A server that runs, whether it has one worker in this process or several in others. */

/** A server that runs. */
export interface Running {
  /** The port that it listens on. */
  readonly port: number
  /** How many workers there are. */
  readonly workers: number
  /** Opens the logs anew, and answers from now on by options that are read anew. @throws where these are wrong */
  reload(): Promise<void>
  /** Says that it is not ready. */
  drain(): void
  /** Comes to its end. @returns how many requests were cut off */
  stop(boundMs: number): Promise<number>
  /** Whether this process still makes what nobody waits for, which cannot be stopped. */
  isWorking(): boolean
  /** Ends at once, whatever is being answered. */
  kill(): void
  /** For how long requests may take to come to their end, and before that the server is not ready, in seconds. */
  times(): { readonly shutdownSeconds: number; readonly shutdownDelaySeconds: number }
}
