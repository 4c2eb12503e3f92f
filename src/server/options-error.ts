/* Options that are wrong: one line for each, all at once. */

/** The server cannot be made of its options; who started it is told a line for each that is wrong. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
  /** What is wrong with each. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** Refuses a file of a log that cannot be opened. @throws {@link OptionsError} */
export function refuseLog(name: string, error: NodeJS.ErrnoException): never {
  throw new OptionsError([`${name}: the file cannot be opened (${error.code ?? error.message})`])
}
