import { describe, expect, it } from 'vitest'
import { NotFoundError } from '../../src/errors.js'
import { buildFailure, isMissing } from '../../src/source/failure.js'

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: failed, open '/secret/a.tif'`), { code, path: '/secret/a.tif' })

describe('a failing file system', () => {
  it.each([
    ['ENOENT', true],
    ['ENOTDIR', true],
    ['ELOOP', true],
    ['ENAMETOOLONG', true],
    ['EACCES', false],
    ['EIO', false],
  ])('%s: missing is %s', (code, missing) => {
    expect(isMissing(systemError(code))).toBe(missing)
  })

  it.each([
    ['EACCES', 403, 'source-forbidden'],
    ['EPERM', 403, 'source-forbidden'],
    ['EIO', 500, 'source-unreadable'],
    ['EMFILE', 500, 'source-unreadable'],
    ['ESTALE', 500, 'source-unreadable'],
  ])('%s becomes %s %s, the path only in the cause', (code, status, expected) => {
    const cause = systemError(code)
    const failure = buildFailure(cause)
    expect(failure).toMatchObject({ status, code: expected, cause })
    expect(failure.message).not.toContain('secret')
  })

  it('an error of ours stays what it is', () => {
    const error = new NotFoundError('not-found', 'no')
    expect(buildFailure(error)).toBe(error)
    expect(isMissing('ENOENT')).toBe(false)
  })
})
