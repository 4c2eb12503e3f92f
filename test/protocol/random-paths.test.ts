// A hundred thousand hostile paths; a failure names its seed, so that it can be run again.
import { describe, expect, it } from 'vitest'
import { isIIIFError } from '../../src/errors.js'
import { formatCanonical } from '../../src/protocol/canonical.js'
import { noLimits } from '../../src/protocol/limits.js'
import { formatRequest, parseRequest } from '../../src/protocol/request.js'
import { type ImageFacts, resolveRequest } from '../../src/protocol/resolved.js'
import { createPathSource } from './random-paths.js'

describe('rows 13 and 17: whatever the path', () => {
  it('nothing but an IIIFError is thrown, by parsing, resolving or writing', () => {
    const seed = Date.now() % 2 ** 31
    const nextPath = createPathSource(seed)
    const counts = { accepted: 0, refused: 0 }
    const image: ImageFacts = { width: 600, height: 400, isGray: false }
    for (let run = 0; run < 100_000; run += 1) {
      const path = nextPath()
      try {
        const request = parseRequest(path, { allowSlashes: run % 2 === 0 })
        if (request?.kind === 'image') {
          const context = { version: request.version, image, limits: noLimits }
          formatCanonical(resolveRequest(request, image, noLimits), context)
        }
        if (request) formatRequest(request)
        counts.accepted += 1
      } catch (error) {
        if (!isIIIFError(error)) throw new Error(`seed ${seed}: ${JSON.stringify(path)}`, { cause: error })
        counts.refused += 1
      }
    }
    expect(counts.accepted).toBeGreaterThan(5000)
    expect(counts.refused).toBeGreaterThan(5000)
  })
})
