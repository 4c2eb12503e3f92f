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
  'method-not-allowed',
  'not-implemented',
  'source-forbidden',
  'source-unsupported',
  'source-damaged',
  'source-too-large',
  'source-unreadable',
  'overloaded',
  'timeout',
  'aborted',
  'closed',
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
  readonly headers?: Readonly<Record<string, string>>

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

/** The work was given up: the client left, or the service is closing. */
export class AbortedError extends IIIFError {
  constructor(code: 'aborted' | 'closed', message: string) {
    super(503, code, message)
  }
}

/** Tells whether `value` is an {@link IIIFError}, also one from a second copy of this package. */
export function isIIIFError(value: unknown): value is IIIFError {
  return typeof value === 'object' && value !== null && mark in value
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
