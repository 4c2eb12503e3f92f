import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { errorCodes } from '../../src/errors.js'

const page = readFileSync('src/docs/errors.md', 'utf8')
const documented = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code)

it('the page on errors has a row for every code, and no other', () => {
  expect(documented.toSorted()).toEqual([...errorCodes].toSorted())
})
