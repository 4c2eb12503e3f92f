import { describe, expect, it } from 'vitest'
import { formatProfileUri, protocolUri, versionFacts } from '../../src/protocol/version.js'

describe('versionFacts', () => {
  it('rows 117, 120 and 139: writes the URIs of the specification with http, not https', () => {
    expect(versionFacts[2].context).toBe('http://iiif.io/api/image/2/context.json')
    expect(versionFacts[3].context).toBe('http://iiif.io/api/image/3/context.json')
    expect(protocolUri).toBe('http://iiif.io/api/image')
  })

  it('rows 41 and 70: asks for all pixels by full in version 2 and by max in version 3', () => {
    expect(versionFacts[2].largestSize).toBe('full')
    expect(versionFacts[3].largestSize).toBe('max')
  })
})

describe('formatProfileUri', () => {
  it('row 141: names the document of a level', () => {
    expect(formatProfileUri(2, 0)).toBe('http://iiif.io/api/image/2/level0.json')
    expect(formatProfileUri(2, 2)).toBe('http://iiif.io/api/image/2/level2.json')
    expect(formatProfileUri(3, 1)).toBe('http://iiif.io/api/image/3/level1.json')
  })
})
