import { describe, expect, it } from 'vitest'
import type { SourceAnswer } from '../../src/contracts.js'
import { isIIIFError, MovedError } from '../../src/errors.js'
import { resolveSource } from '../../src/service/locate.js'
import { bytesSource } from '../../src/source/bytes.js'

const answerOf = (answer: SourceAnswer | undefined): Promise<unknown> =>
  resolveSource('x', () => answer).catch((error: unknown) => error)

describe('the answer of a resolver', () => {
  it('that is a source is given', async () => {
    const source = bytesSource(Uint8Array.of(1))
    expect(await answerOf(source)).toBe(source)
  })

  it('that is nothing is a 404', async () => {
    expect(await answerOf(undefined)).toMatchObject({ status: 404, code: 'not-found' })
  })

  it.each<[SourceAnswer, object]>([
    [{ kind: 'redirect', status: 301, location: 'https://a.example/x' }, { location: 'https://a.example/x' }],
    [{ kind: 'redirect', status: 303, identifier: 'a/b' }, { identifier: 'a/b' }],
  ])('that is a redirect tells where to: %o', async (answer, target) => {
    const error = await answerOf(answer)
    expect(error).toBeInstanceOf(MovedError)
    expect(isIIIFError(error)).toBe(true)
    expect(error).toMatchObject({ status: 'status' in answer ? answer.status : 0, code: 'moved', target })
  })

  it.each([
    [{ kind: 'refusal', status: 410 } as const, 'not-found', 'This image is not to be had.'],
    [
      { kind: 'refusal', status: 451, message: 'By order of a court.' } as const,
      'source-forbidden',
      'By order of a court.',
    ],
  ])('that is a refusal keeps its status: %o', async (answer, code, message) => {
    expect(await answerOf(answer)).toMatchObject({ status: answer.status, code, message })
  })
})
