/* The access log: a line for each answer, in the format that programs which read logs know. */
import process from 'node:process'
import type { HttpRequest } from '../../contracts.js'
import type { ResponseReport } from '../../service/report.js'
import { type AccessEntry, type AccessLogFormat, formatAccessLine } from './access-line.js'
import { createLineLog, type LineLog } from './line-log.js'
import { openSink } from './open-sink.js'

/** Where and how {@link createAccessLog} writes. */
export interface AccessLogOptions {
  /** A file that is appended to, or `-` for the standard output. @defaultValue `-` */
  readonly path?: string
  /**
   * `combined`, as Apache and nginx call it; `timed`, the same with times and what became of the request at the end of the
   * line; or `json`, a line of JSON with all of it. @defaultValue combined
   */
  readonly format?: AccessLogFormat
  /** Tells what a report does not. */
  readonly describe?: (request: HttpRequest) => RequestDescription | undefined
  /** How many bytes may wait to be written; beyond it lines are dropped. @defaultValue 4 MiB */
  readonly maxPendingBytes?: number
  /** Hears that lines cannot be written, once until they can be again. @defaultValue nobody */
  readonly onFailure?: (error: Error) => void
}

/** What is known of a request beside its report. */
export interface RequestDescription {
  /** Who asked. @defaultValue `-` */
  readonly user?: string | undefined
  /** The version of HTTP. @defaultValue 1.1 */
  readonly httpVersion?: string | undefined
  /** What joins this line to those of other logs. @defaultValue none */
  readonly requestId?: string | undefined
}

/** An access log. */
export interface AccessLog extends Pick<LineLog, 'dropped' | 'reopen' | 'close'> {
  /** Writes a line about an answer: the option `onResponse` of an image service takes it as it is. */
  readonly onResponse: (report: ResponseReport) => void
  /** Writes a line about any other answer. */
  write(entry: AccessEntry): void
}

/**
 * Opens an access log. Nobody ever waits for it: lines that cannot be written are dropped and counted. Control characters
 * and quotes are escaped, so that no request can forge a line; the values of arguments that let somebody in (`token`,
 * `signature` and their like) are replaced by `***`.
 *
 * @throws what the file system throws, when the file cannot be opened.
 * @example
 * ```ts
 * const log = await createAccessLog({ path: '/var/log/images.log' })
 * const service = createImageService({ source: fileSource('./images'), onResponse: log.onResponse })
 * process.on('SIGHUP', () => log.reopen())
 * ```
 */
export async function createAccessLog(options: AccessLogOptions = {}): Promise<AccessLog> {
  const { path = '-', format = 'combined', describe, maxPendingBytes, onFailure } = options
  const log = createLineLog({
    sink: await openSink(path, process.stdout),
    ...(maxPendingBytes !== undefined && { maxPendingBytes }),
    ...(onFailure && { onFailure }),
  })
  const write = (entry: AccessEntry): void => log.write(formatAccessLine(entry, format))
  return {
    write,
    onResponse: report => write(buildEntry(report, describe?.(report.request))),
    dropped: log.dropped,
    reopen: log.reopen,
    close: log.close,
  }
}

function buildEntry(report: ResponseReport, known: RequestDescription = {}): AccessEntry {
  const { request, phases, totalMs, answerMs, cache, way, errorCode, isComplete } = report
  return {
    ...describeRequest(request, known),
    date: new Date(Date.now() - totalMs),
    client: report.clientAddress ?? request.remoteAddress,
    status: report.status,
    bytes: report.bytesSent,
    details: {
      ...(known.requestId !== undefined && { requestId: known.requestId }),
      totalMs,
      answerMs,
      ...phases,
      cache,
      way,
      errorCode,
      ...(isComplete ? {} : { isComplete }),
    },
  }
}

/** Picks from a request what a line tells of it. */
export function describeRequest(
  { method, url, headers, mountPath }: HttpRequest,
  { user, httpVersion = '1.1' }: RequestDescription,
): Pick<AccessEntry, 'method' | 'url' | 'httpVersion' | 'user' | 'referer' | 'userAgent'> {
  return {
    method,
    url: `${mountPath}${url}`,
    httpVersion,
    user,
    referer: readText(headers.referer),
    userAgent: readText(headers['user-agent']),
  }
}

function readText(value: HttpRequest['headers'][string]): string | undefined {
  return typeof value === 'string' ? value : value?.join(', ')
}
