// Names every skipped test at the end of a run and closes with one plain line of totals.
import type { Reporter, TestCase } from 'vitest/node'

export default class Totals implements Reporter {
  readonly #totals = { passed: 0, failed: 0, skipped: 0, pending: 0 }
  readonly #skipped: string[] = []

  onTestCaseResult(test: TestCase): void {
    const { state } = test.result()
    this.#totals[state] += 1
    if (state === 'skipped') this.#skipped.push(`${test.module.relativeModuleId} > ${test.fullName}`)
  }

  onTestRunEnd(): void {
    for (const name of this.#skipped) console.log(`skipped: ${name}`)
    const { passed, failed, skipped } = this.#totals
    console.log(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped`)
  }
}
