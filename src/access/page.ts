/* The pages of the flow: small HTML documents with a policy that lets run only what is ours. No style but the browser's:
   who wants to look like the institution has a login page of its own. */
import { randomBytes } from 'node:crypto'
import type { HttpReply } from '../contracts.js'
import { noStore } from './cache-control.js'

/** What a page is made of. */
export interface PageParts {
  /** The status. @defaultValue 200 */
  readonly status?: number
  /** The title; plain text. */
  readonly title: string
  /** What the page shows; HTML, escaped by who made it. */
  readonly body: string
  /** What the page does; JavaScript. */
  readonly script?: string
  /** Whether other pages may hold it in a frame. */
  readonly isFramed: boolean
  /** A cookie to set. */
  readonly cookie?: string | undefined
}

/** Random bytes. */
export type Random = (count: number) => Uint8Array

/** Builds the reply with a page. */
export function buildPage(parts: PageParts, random: Random = randomBytes): HttpReply {
  const { status = 200, title, body, script, isFramed, cookie } = parts
  const nonce = Buffer.from(random(18)).toString('base64')
  const code = script === undefined ? '' : `<script nonce="${nonce}">${script}</script>\n`
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
${body}
${code}</html>
`
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(html)),
      'Cache-Control': noStore,
      'Content-Security-Policy': formatPolicy(nonce, isFramed),
      'X-Content-Type-Options': 'nosniff',
      // A form posts to the page itself, which must see that it does: not `no-referrer`, which would hide the origin.
      'Referrer-Policy': 'same-origin',
      // Frames of pages that are cross-origin isolated need both. Never a policy for openers: it would cut the window
      // off from the viewer that waits for it to close.
      ...(isFramed && {
        'Cross-Origin-Resource-Policy': 'cross-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      }),
      ...(cookie !== undefined && { 'Set-Cookie': cookie }),
    },
    body: html,
  }
}

function formatPolicy(nonce: string, isFramed: boolean): string {
  const shared = `default-src 'none'; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'self'`
  // Nobody is to click in a login that lies invisible over something else.
  return isFramed ? shared : `${shared}; frame-ancestors 'none'`
}

/**
 * Builds the page that posts a message to the page around its frame (2.0 section 4.3, 1.0 section 2.2.4).
 *
 * @param target - the one origin that gets the message; `*` only for what is no secret to anybody
 */
export function buildMessagePage(message: unknown, target: string, random?: Random): HttpReply {
  const script = `window.parent.postMessage(${formatScriptValue(message)}, ${formatScriptValue(target)})`
  return buildPage({ title: 'Access token', body: '', script, isFramed: true }, random)
}

/** Builds a page that closes its window: at once, or when the user says so. */
export function buildClosingPage(
  {
    text,
    atOnce,
    cookie,
  }: { readonly text: string; readonly atOnce: boolean; readonly cookie?: string | undefined },
  random?: Random,
): HttpReply {
  const button = '<p><button type="button" autofocus>Continue</button></p>'
  return buildPage(
    {
      title: text,
      body: `<p>${escapeHtml(text)}</p>\n${atOnce ? '<p>You can close this window.</p>' : button}`,
      script: atOnce
        ? closeWindow
        : "document.querySelector('button').addEventListener('click', () => window.close())",
      isFramed: false,
      cookie,
    },
    random,
  )
}

/** Builds a page that tells something; it may close its window, where nobody is there to read. */
export function buildTextPage(
  status: number,
  title: string,
  text: string,
  { random, closes = false }: { readonly random?: Random | undefined; readonly closes?: boolean } = {},
): HttpReply {
  const body = `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(text)}</p>`
  const script = closes ? { script: closeWindow } : {}
  return buildPage({ status, title, body, isFramed: false, ...script }, random)
}

const closeWindow = 'window.close()'

/** Makes a text safe between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

// JSON is JavaScript; what could end the script element, or begin a comment in it, is written as an escape.
function formatScriptValue(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
