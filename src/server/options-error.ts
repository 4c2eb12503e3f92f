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
