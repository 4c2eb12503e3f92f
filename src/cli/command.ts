/* What a command of the program is. */
import type { OptionSpecs, Words } from './words.js'

/** Where a command writes, and what ends it. */
export interface Io {
  /** Writes to the standard output: what the user asked for. */
  out(text: string): void
  /** Writes to the standard error: what went wrong, and progress. */
  err(text: string): void
  /** Whether the standard error is a terminal, on which a line can be written over. */
  readonly isTerminal: boolean
  /** Given when the user presses Ctrl-C, or the system asks the program to end. */
  readonly signal: AbortSignal
}

/** A command: a module of this folder exports one as `command`. */
export interface Command {
  /** What `--help` shows; it fits on a screen. */
  readonly usage: string
  /** The options that it takes, beside `--help`. */
  readonly options: OptionSpecs
  /**
   * Does the work.
   *
   * @returns the exit code
   * @throws {@link UsageError} where the words are wrong.
   */
  run(words: Words, io: Io): Promise<number>
}

/** The words of the command line are wrong: one line for each of them, and exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** What is wrong with each. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}
