// What a test expects of a refused request: the status and the stable code of the error, not its wording.
import { expect } from 'vitest'
import type { ErrorCode } from '../../src/errors.js'

export function refusal(code: ErrorCode, status = 400): Error {
  return expect.objectContaining({ code, status, message: expect.stringMatching(/\.$/) })
}
