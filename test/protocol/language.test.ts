import { describe, expect, it } from 'vitest'
import { flattenText, isLanguageMap, type LanguageMap, resolveText } from '../../src/protocol/language.js'

describe('isLanguageMap', () => {
  it.each<[unknown, boolean]>([
    [{ en: ['a'] }, true],
    [{ none: ['a', 'b'], 'de-CH': ['c'] }, true],
    [{}, false],
    [{ en: [] }, false],
    [{ en: 'a' }, false],
    [{ en: [1] }, false],
    [{ 'en"': ['a'] }, false],
    [[], false],
    ['a', false],
    [null, false],
    [undefined, false],
  ])('%j: %s', (value, expected) => {
    expect(isLanguageMap(value)).toBe(expected)
  })
})

describe('resolveText', () => {
  it('takes a text for one in no language in particular', () => {
    expect(resolveText('Log in', 'label')).toEqual({ none: ['Log in'] })
    expect(resolveText({ en: ['Log in'] }, 'label')).toEqual({ en: ['Log in'] })
  })

  it.each<[unknown]>([[undefined], [7], [{}], [['Log in']]])('refuses %j and names the option', text => {
    expect(() => resolveText(text as never, 'flow.label')).toThrow(/^flow\.label:/)
  })
})

it.each<[LanguageMap, string]>([
  [{ en: ['a', 'b'] }, 'a b'],
  [{ de: ['x'], en: ['a'] }, 'a'],
  [{ de: ['x'], none: ['n'] }, 'n'],
  [{ de: ['x'], fr: ['y'] }, 'x'],
])('for those who know no language maps, %j is %j', (text, flat) => {
  expect(flattenText(text)).toBe(flat)
})
