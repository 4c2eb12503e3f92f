import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildClosingPage, buildMessagePage, buildTextPage, escapeHtml } from '../../src/access/page.js'

const random = (count: number) => new Uint8Array(count).fill(255)

const nasty = [
  '</script><script>alert(1)</script>',
  '<!--',
  '<script>',
  ']]>',
  '\u2028\u2029',
  "'); alert(1); ('",
  '"); alert(1); ("',
  '\\',
  '\\u003c',
  '\r\n\r\n',
  '\0',
  '\ud800',
  '`',
  '__proto__',
]

/* Takes the one script of a page as a browser does: from its tag to the first thing that ends it. */
function readScript(html: string): string {
  expect(html.match(/<script/gi)).toHaveLength(1)
  const [, script = ''] = /<script nonce="[^"]+">([\s\S]*?)<\/script/i.exec(html) ?? []
  return script
}

function post(html: string): [unknown, unknown][] {
  const posted: [unknown, unknown][] = []
  const window = {
    parent: { postMessage: (message: unknown, target: unknown) => posted.push([message, target]) },
  }
  runInNewContext(readScript(html), { window })
  return JSON.parse(JSON.stringify(posted))
}

describe('the page that posts a message', () => {
  it('posts it to the one origin', () => {
    const message = { accessToken: 'a.b-c_d', messageId: 'ae3415' }
    const { status, body } = buildMessagePage(message, 'https://client.example.org')
    expect(status).toBe(200)
    expect(post(String(body))).toEqual([[message, 'https://client.example.org']])
  })

  it.each(nasty)('posts %j as it came, and lets it do nothing else', messageId => {
    const html = String(buildMessagePage({ messageId }, 'https://client.example.org').body)
    expect(post(html)).toEqual([[JSON.parse(JSON.stringify({ messageId })), 'https://client.example.org']])
    expect(html).not.toMatch(/[\u2028\u2029]/)
    expect(readScript(html)).not.toMatch(/[<>]/)
  })

  it('posts any text as it came', () => {
    const piece = fc.oneof(fc.constantFrom(...nasty), fc.string(), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 5 }).map(pieces => pieces.join('')),
        text => {
          const plain = text.toWellFormed()
          const html = String(buildMessagePage({ messageId: plain }, plain).body)
          expect(post(html)).toEqual([[{ messageId: plain }, plain]])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('lets run only its own script, and may be held in a frame by any viewer', () => {
    const { headers, body } = buildMessagePage({}, '*', random)
    const nonce = '/'.repeat(24)
    expect(headers['Content-Security-Policy']).toBe(
      `default-src 'none'; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'self'`,
    )
    expect(String(body)).toContain(`<script nonce="${nonce}">`)
    expect(headers).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'private, no-store',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    })
    // It would take the window away from who has opened it.
    expect(headers).not.toHaveProperty('Cross-Origin-Opener-Policy')
    expect(headers).not.toHaveProperty('X-Frame-Options')
  })

  it('never has the same nonce twice', () => {
    const policies = Array.from(
      { length: 20 },
      () => buildMessagePage({}, '*').headers['Content-Security-Policy'],
    )
    expect(new Set(policies).size).toBe(20)
  })

  it('tells its length in bytes', () => {
    const { headers, body } = buildMessagePage({ messageId: 'ü' }, '*')
    expect(headers['Content-Length']).toBe(String(Buffer.byteLength(String(body))))
  })
})

describe('the page that closes its window', () => {
  it('closes it at once, or when a button is clicked, and sets a cookie', () => {
    const atOnce = buildClosingPage({ text: 'Done.', atOnce: true, cookie: 'a=b' })
    expect(readScript(String(atOnce.body))).toBe('window.close()')
    expect(atOnce.headers['Set-Cookie']).toBe('a=b')
    const clicked = buildClosingPage({ text: 'Done.', atOnce: false })
    expect(String(clicked.body)).toContain('<button')
    expect(readScript(String(clicked.body))).not.toBe('window.close()')
    expect(clicked.headers).not.toHaveProperty('Set-Cookie')
  })

  it('is held in nobody’s frame', () => {
    const { headers } = buildClosingPage({ text: 'Done.', atOnce: true })
    expect(headers['Content-Security-Policy']).toContain("frame-ancestors 'none'")
  })
})

it.each(nasty)('a page shows %j as text', text => {
  const html = String(buildTextPage(403, text, text).body)
  expect(html).not.toContain('<script')
  expect(html).not.toContain('<!--')
  expect(html.match(/<h1>/g)).toHaveLength(1)
})

it('escapes everything that HTML needs', () => {
  expect(escapeHtml(`<a href="x" title='y'>&amp;</a>`)).toBe(
    '&#60;a href=&#34;x&#34; title=&#39;y&#39;&#62;&#38;amp;&#60;/a&#62;',
  )
})
