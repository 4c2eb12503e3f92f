import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildErrorBody } from '../../src/http/error-body.js'

const facts = {
  status: 400,
  title: 'Bad Request',
  code: 'invalid-size',
  message: `The size "<b>&'" is not valid.`,
}

describe('buildErrorBody', () => {
  it('writes text', () => {
    expect(buildErrorBody('text', facts)).toEqual({
      body: `400 Bad Request\n\nThe size "<b>&'" is not valid.\n`,
      contentType: 'text/plain; charset=utf-8',
    })
  })

  it('writes JSON with status, code and message', () => {
    const { body, contentType } = buildErrorBody('json', facts)
    expect(contentType).toBe('application/json')
    expect(JSON.parse(body)).toEqual({ status: 400, code: 'invalid-size', message: facts.message })
  })

  it('escapes everything in HTML', () => {
    const { body, contentType } = buildErrorBody('html', facts)
    expect(contentType).toBe('text/html; charset=utf-8')
    expect(body).toContain('<title>400 Bad Request</title>')
    expect(body).toContain('<p>The size &quot;&lt;b&gt;&amp;&#39;&quot; is not valid.</p>')
  })

  it('sends the first line only, so that a stack never leaves the house', () => {
    const message = new Error('broken').stack ?? ''
    expect(message).toContain('error-body.test.ts')
    for (const kind of ['text', 'html', 'json'] as const) {
      const { body } = buildErrorBody(kind, { ...facts, message })
      expect(body).toContain('broken')
      expect(body).not.toContain('error-body.test.ts')
    }
  })

  it('drops control characters and marks that reorder text, and keeps the message short', () => {
    const message = `a\u0000b\u001b[31mc\u007fd\u009be\u202ef\u2066g\ud800h ü`
    expect(buildErrorBody('text', { ...facts, message }).body).toContain('\nab[31mcdefgh ü\n')
    expect(buildErrorBody('text', { ...facts, message: 'x'.repeat(5000) }).body.length).toBeLessThan(1100)
  })

  it('whatever the message, no markup and no control character comes through', () => {
    const hostile = fc.string({ unit: fc.constantFrom(...'<>&"\'a\u0000\u0008\u009f\r\n\u2028\ud800') })
    const empty = buildErrorBody('html', { ...facts, message: '' }).body
    fc.assert(
      fc.property(hostile, message => {
        const { body } = buildErrorBody('html', { ...facts, message })
        expect(body.match(/[<>]/g)?.length).toBe(empty.match(/[<>]/g)?.length)
        for (const kind of ['text', 'html', 'json'] as const) {
          expect(buildErrorBody(kind, { ...facts, message }).body).not.toMatch(/(?!\n)[\p{Cc}\p{Cs}]/u)
        }
      }),
    )
  })
})
