/* Every error honeydew throws on purpose: one class for each reaction of the caller, one stable code for each cause.
   Messages are written for the client: they name what was found and what was expected, never a path or a stack. */

/** The stable causes of an {@link IIIFError}; `docs` and this list are held together by a test. */
export const errorCodes = [
  'invalid-path',
  'invalid-identifier',
  'invalid-region',
  'invalid-size',
  'invalid-rotation',
  'invalid-quality',
  'invalid-format',
  'over-limit',
  'not-found',
  'not-an-image-request',
  'unauthorized',
  'access-denied',
  'invalid-signature',
  'off-grid',
  'method-not-allowed',
  'invalid-task',
  'unsupported-media-type',
  'body-too-large',
  'cross-site',
  'not-implemented',
  'source-forbidden',
  'source-unsupported',
  'source-damaged',
  'source-too-large',
  'source-unreadable',
  'overloaded',
  'timeout',
  'redaction-failed',
  'overlay-failed',
  'source-changed',
  'source-unavailable',
  'source-timeout',
  'scale-constrained',
  'moved',
  'aborted',
  'closed',
  'export-differs',
  'internal',
] as const

/** A stable, machine-readable cause of an error. */
export type ErrorCode = (typeof errorCodes)[number]

const mark = Symbol.for('honeydew.error')

/** The base of all errors that honeydew throws on purpose; `status` is the HTTP status that it becomes. */
export class IIIFError extends Error {
  /** The stable cause. */
  readonly code: ErrorCode
  /** The HTTP status that a server answers with. */
  readonly status: number
  /** Headers that belong to the answer. */
  declare readonly headers?: Readonly<Record<string, string>>

  constructor(status: number, code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.status = status
    this.code = code
    Object.defineProperty(this, mark, { value: true })
  }
}

/** The request breaks the grammar or asks for what cannot be (400): the client must change the URL. */
export class BadRequestError extends IIIFError {
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(400, code, message, options)
  }
}

/** There is nothing at this address (404). */
export class NotFoundError extends IIIFError {
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(404, code, message, options)
  }
}

/** Nothing is known by an identifier. What is hidden is answered with it too, so that nobody can tell the two apart. */
export function buildUnknownImage(options?: ErrorOptions): NotFoundError {
  return new NotFoundError('not-found', 'There is no image with this identifier.', options)
}

/** What {@link AccessError} is made with. */
export interface AccessErrorOptions extends ErrorOptions {
  /** What the client is asked for, as `WWW-Authenticate` writes it; 401 only. @defaultValue `Bearer` */
  readonly challenge?: string
}

/** The image is there, but not for who asks (401 or 403), or not by this URL (403). */
export class AccessError extends IIIFError {
  /** The challenge of a 401, and that nobody keeps what depends on who asks. */
  override readonly headers: Readonly<Record<string, string>>

  constructor(status: 401 | 403, code: ErrorCode, message: string, options: AccessErrorOptions = {}) {
    super(status, code, message, options)
    const { challenge = '' } = options
    this.headers = {
      // RFC 9110 section 15.5.2: a 401 MUST have a challenge. Browsers show no window of their own for this one.
      ...(status === 401 && { 'WWW-Authenticate': isFieldValue(challenge) ? challenge : 'Bearer' }),
      'Cache-Control': 'private, no-store',
    }
  }
}

/** Tells whether a text can be the value of a header as it is: ASCII that shows, spaces inside only (RFC 9110 5.5). */
export function isFieldValue(text: unknown): text is string {
  return typeof text === 'string' && /^[!-~](?:[ -~]*[!-~])?$/.test(text)
}

/** The request is valid, but this server does not offer what it asks for (501). */
export class NotImplementedError extends IIIFError {
  constructor(message: string, options?: ErrorOptions) {
    super(501, 'not-implemented', message, options)
  }
}

/** The source exists, but no image can be made from it: another file type, damaged, or over a limit (4xx or 5xx). */
export class SourceError extends IIIFError {}

/** The server has too much to do (503): the client should come back after a while. */
export class OverloadedError extends IIIFError {
  /** Tells after how many seconds it is worth to ask again. */
  override readonly headers: Readonly<Record<string, string>>

  constructor(message: string, retryAfterSeconds: number) {
    super(503, 'overloaded', message)
    // 3.0 section 7.3 and RFC 9110 section 10.2.3.
    this.headers = { 'Retry-After': String(retryAfterSeconds) }
  }
}

/** Something took longer than it may (504). */
export class TimeoutError extends IIIFError {
  constructor(message: string, options?: ErrorOptions) {
    super(504, 'timeout', message, options)
  }
}

/** What was asked for is to be had under another address (301, 302, 303 or 307). */
export class MovedError extends IIIFError {
  /** Where it is. */
  readonly target: MovedTarget

  constructor(status: 301 | 302 | 303 | 307, target: MovedTarget, options?: ErrorOptions) {
    super(status, 'moved', 'The image is to be had under another address.', options)
    this.target = target
  }
}

/** The address that a {@link MovedError} names: a URI, or another identifier of the same service. */
export type MovedTarget =
  | {
      /** An absolute URI, or one that is relative to the request. */
      readonly location: string
    }
  | {
      /** The identifier, decoded; what stands behind it in the request stays as it is. */
      readonly identifier: string
    }

/**
 * The work was given up: the client left (499, which nobody receives and logs know from nginx), or the service is closing
 * (503).
 */
export class AbortedError extends IIIFError {
  constructor(code: 'aborted' | 'closed', message: string) {
    super(code === 'closed' ? 503 : 499, code, message)
  }
}

/** A tool of the command line cannot do what it was told; the message is for its user, and there is no HTTP in it. */
export class ToolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Tells whether `value` is an {@link IIIFError}, also one from a second copy of this package. */
export function isIIIFError(value: unknown): value is IIIFError {
  return typeof value === 'object' && value !== null && mark in value
}

/** Tells whether `value` is a {@link MovedError}, also one from a second copy of this package. */
export function isMoved(value: unknown): value is MovedError {
  return isIIIFError(value) && value.code === 'moved' && 'target' in value
}

/** The error of work that was given up: the reason of the signal where that is one of ours, such as a timeout. */
export function buildAborted(signal?: AbortSignal): IIIFError {
  const reason: unknown = signal?.reason
  return isIIIFError(reason) ? reason : new AbortedError('aborted', 'The request was given up.')
}

/**
 * Stops work that nobody waits for.
 *
 * @throws what {@link buildAborted} gives when the signal is aborted.
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw buildAborted(signal)
}
