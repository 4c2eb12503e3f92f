/* The logs of a worker, and what is written into them about requests. */
import { STATUS_CODES } from 'node:http'
import type { HttpReply, HttpRequest } from '../contracts.js'
import type { ResponseReport } from '../service/report.js'
import { type AccessLog, createAccessLog, describeRequest } from './log/access-log.js'
import { type ErrorLog, openErrorLog } from './log/error-log.js'
import type { Notes } from './notes.js'
import type { ServerSettings } from './options/table.js'
import { refuseLog } from './options-error.js'

/** The logs of a worker. */
export interface Logs {
  /** The access log; none where there is to be none. */
  readonly access: AccessLog | undefined
  /** The error log. */
  readonly errors: ErrorLog
  /** Opens the files anew. */
  reopen(): Promise<void>
  /** Writes what is in hand and gives the files back. */
  close(): Promise<void>
}

/** What logs are told of requests by. */
export interface LogsContext {
  /** What is known of requests. */
  readonly notes: Notes
  /** Writes a user. */
  readonly nameUser: (user: unknown) => string | undefined
  /** The number of the worker, where there are several. */
  readonly worker?: number | undefined
}

/** Opens the logs. @throws {@link OptionsError} where a file cannot be opened. */
export async function openLogs(settings: ServerSettings, context: LogsContext): Promise<Logs> {
  const { accessLog, accessLogFormat: format, errorLog, errorLogFormat } = settings
  const { notes, nameUser, worker } = context
  const errors = await openErrorLog({
    path: errorLog,
    format: errorLogFormat,
    ...(worker !== undefined && { worker }),
  }).catch(error => refuseLog('errorLog', error))
  const onFailure = (error: Error): void =>
    errors.tell('error', 'Lines of the access log cannot be written, and are dropped.', { error })
  const describe = (request: HttpRequest) => {
    const { httpVersion, user } = notes.find(request)
    return { httpVersion, user: nameSafely(nameUser, user), requestId: notes.readId(request) }
  }
  const access =
    accessLog === false
      ? undefined
      : await createAccessLog({ path: accessLog, format, describe, onFailure }).catch(error =>
          refuseLog('accessLog', error),
        )
  return {
    access,
    errors,
    async reopen() {
      await Promise.all([access?.reopen(), errors.reopen()])
    },
    async close() {
      const dropped = access?.dropped() ?? 0
      if (dropped > 0) errors.tell('warning', `${dropped} lines of the access log were dropped.`)
      await Promise.all([access?.close(), errors.close()])
    },
  }
}

function nameSafely(nameUser: LogsContext['nameUser'], user: unknown): string | undefined {
  if (user === undefined) return undefined
  try {
    return nameUser(user)
  } catch {
    return undefined
  }
}

/** Writes a line about an answer of the image service, and another where the server has failed. */
export function logReport(report: ResponseReport, logs: Logs, notes: Notes): void {
  const { request, status, errorCode: code, error } = report
  notes.find(request).isLogged = true
  // Who asks for what is not offered has made no error of the server.
  if (status >= 500 && code !== 'not-implemented') logFailure(request, status, logs, notes, { code, error })
  logs.access?.onResponse(report)
}

/** Writes a line about any other answer. */
export function logReply(
  request: HttpRequest,
  { status, body }: HttpReply,
  client: string | undefined,
  logs: Logs,
  notes: Notes,
): void {
  const { httpVersion } = notes.find(request)
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? Buffer.byteLength(body) : 0
  const entry = describeRequest(request, { httpVersion })
  const date = new Date()
  logs.access?.write({ ...entry, date, client: client ?? request.remoteAddress, status, bytes })
}

/** Writes a line about a failure of the server. */
export function logFailure(
  request: HttpRequest,
  status: number,
  logs: Logs,
  notes: Notes,
  { code, error }: { readonly code?: string | undefined; readonly error?: unknown },
): void {
  // Too much to do, or about to end: the server does what it should.
  const level = status === 503 ? 'warning' : 'error'
  logs.errors.tell(level, STATUS_CODES[status] ?? '', {
    requestId: notes.identify(request),
    request: `${request.method} ${request.url}`,
    status,
    ...(code !== undefined && { code }),
    ...(error !== undefined && { error }),
  })
}
