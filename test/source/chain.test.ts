import { describe, expect, it } from 'vitest'
import type { ImageSource, SourceResolver } from '../../src/contracts.js'
import { NotFoundError } from '../../src/errors.js'
import { bytesSource } from '../../src/source/bytes.js'
import { firstOf } from '../../src/source/chain.js'

const only =
  (mine: string, asked: string[] = []): SourceResolver<ImageSource> =>
  identifier => {
    asked.push(mine)
    return identifier === mine ? bytesSource(Buffer.from(mine), { version: mine }) : undefined
  }

describe('a chain of resolvers', () => {
  it('gives the first source, and asks nobody after it', async () => {
    const asked: string[] = []
    const source = await firstOf(only('a', asked), only('b', asked), only('c', asked))('b', {})
    expect(source?.version).toBe('b')
    expect(asked).toEqual(['a', 'b'])
  })

  it('gives nothing when nobody has it, or nobody is there', async () => {
    expect(await firstOf(only('a'), async () => undefined)('x', {})).toBeUndefined()
    expect(await firstOf()('x', {})).toBeUndefined()
  })

  it('is itself a resolver: chains nest', async () => {
    expect((await firstOf(firstOf(only('a')), firstOf(only('b')))('b', {}))?.version).toBe('b')
  })

  it('ends at an error: a refusal is not gone around', async () => {
    const asked: string[] = []
    const refuse: SourceResolver = () => {
      throw new NotFoundError('not-found', 'no')
    }
    await expect(firstOf(refuse, only('a', asked))('a', {})).rejects.toMatchObject({ code: 'not-found' })
    expect(asked).toEqual([])
  })

  it('hands on the context, and stops when the request is given up', async () => {
    const given = new AbortController()
    const asked: string[] = []
    const leave: SourceResolver = (_, context) => {
      expect(context.signal).toBe(given.signal)
      given.abort()
      return undefined
    }
    await expect(firstOf(leave, only('a', asked))('a', { signal: given.signal })).rejects.toMatchObject({
      code: 'aborted',
    })
    expect(asked).toEqual([])
  })

  it('refuses what is no function', () => {
    expect(() => firstOf(only('a'), undefined as unknown as SourceResolver)).toThrow(TypeError)
  })
})
