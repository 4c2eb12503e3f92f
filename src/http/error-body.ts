/* The body of an error: one sentence for a human, the same in text, HTML and JSON. */
import { escapeHtml } from './html.js'
import type { ErrorBodyKind } from './negotiation.js'

/** What is told about an error. The message is written for the client: of an unforeseen error it must be a fixed one. */
export interface ErrorFacts {
  /** The HTTP status. */
  readonly status: number
  /** The words for the status, such as `Not Found`. */
  readonly title: string
  /** What was found and what was expected; the first line of it is sent. */
  readonly message: string
  /** The stable cause, such as `invalid-size`. */
  readonly code: string
}

/** A body and its media type. */
export interface ErrorBody {
  /** The body. */
  readonly body: string
  /** The value of Content-Type. */
  readonly contentType: string
}

/** Writes an error; only its first line, without control characters and with everything escaped that HTML needs. */
export function buildErrorBody(kind: ErrorBodyKind, facts: ErrorFacts): ErrorBody {
  const { status, code } = facts
  const title = `${status} ${cleanLine(facts.title)}`.trim()
  const message = cleanLine(facts.message)
  switch (kind) {
    case 'json':
      return {
        body: JSON.stringify({ status, code: cleanLine(code), message }),
        contentType: 'application/json',
      }
    case 'html':
      return {
        body: formatPage(escapeHtml(title), escapeHtml(message)),
        contentType: 'text/html; charset=utf-8',
      }
    case 'text':
      return { body: `${title}\n\n${message}\n`, contentType: 'text/plain; charset=utf-8' }
  }
}

const maxLength = 1000

/** Messages repeat parts of the request. A second line is what stacks have; bidirectional marks reorder what is read. */
function cleanLine(text: string): string {
  const [line = ''] = text.split(/[\r\n\u2028\u2029]/, 1)
  return line.slice(0, maxLength).replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
}

function formatPage(title: string, message: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<h1>${title}</h1>
<p>${message}</p>
</html>
`
}
