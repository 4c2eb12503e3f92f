/* The error log: what the server does and what it cannot do, for who runs it. Nothing of it is for clients. */
import process from 'node:process'
import { maskSecrets } from '../mask.js'
import { formatJsonLine } from './json-line.js'
import { createLineLog, type LineLog } from './line-log.js'
import { openSink } from './open-sink.js'

/** How much a line matters. */
export type Level = 'info' | 'warning' | 'error'

/** What a line tells beside its words. */
export interface Facts {
  /** What joins the line to those of other logs. */
  readonly requestId?: string
  /** What was asked for: method, path and query. */
  readonly request?: string
  /** The status of the answer. */
  readonly status?: number
  /** The cause, as the client was told it. */
  readonly code?: string | undefined
  /** What was thrown. */
  readonly error?: unknown
}

/** Where and how {@link openErrorLog} writes. */
export interface ErrorLogOptions {
  /** A file, `-` for the standard error, or `false` for nowhere. */
  readonly path: string | false
  /** As text, or as a line of JSON. */
  readonly format: 'text' | 'json'
  /** The number of the worker, where there are several. */
  readonly worker?: number
}

/** An error log. */
export interface ErrorLog extends Pick<LineLog, 'dropped' | 'reopen' | 'close'> {
  /** Writes a line. */
  tell(level: Level, message: string, facts?: Facts): void
}

/** Opens an error log. @throws what the file system throws, when the file cannot be opened. */
export async function openErrorLog({ path, format, worker }: ErrorLogOptions): Promise<ErrorLog> {
  if (path === false) return { tell() {}, dropped: () => 0, reopen: async () => {}, close: async () => {} }
  const log = createLineLog({ sink: await openSink(path, process.stderr) })
  const write = format === 'json' ? formatJson : formatText
  return {
    tell: (level, message, facts = {}) => log.write(write({ level, message, worker, ...facts })),
    dropped: log.dropped,
    reopen: log.reopen,
    close: log.close,
  }
}

interface Line extends Facts {
  readonly level: Level
  readonly message: string
  readonly worker: number | undefined
}

function formatJson({ error, request, ...facts }: Line): string {
  return formatJsonLine({
    time: new Date().toISOString(),
    ...facts,
    ...(request !== undefined && { request: maskSecrets(request) }),
    ...(error !== undefined && { cause: explain(error) }),
  })
}

function formatText({ level, message, worker, requestId, request, status, code, error }: Line): string {
  const words = [
    new Date().toISOString(),
    level,
    ...(worker === undefined ? [] : [`worker ${worker}`]),
    ...(requestId === undefined ? [] : [`request ${requestId}`]),
    ...(request === undefined ? [] : [maskSecrets(request)]),
    ...(status === undefined ? [] : [status]),
    code,
    message,
    ...(error === undefined ? [] : [`(${explain(error)})`]),
  ]
  return toLine(words.filter(word => word !== undefined && word !== '').join(' '))
}

const maxCauses = 5
const maxLength = 8192

/* What was thrown, and what it was thrown because of; where nobody foresaw it, also where. */
function explain(error: unknown): string {
  const parts: string[] = []
  let found: unknown = error
  while (found !== undefined && found !== null && parts.length < maxCauses) {
    parts.push(explainOne(found))
    found = found instanceof Error ? found.cause : undefined
  }
  return toLine(parts.join(' because '))
}

function explainOne(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isForeseen = 'code' in error
  return isForeseen ? `${error.message} [${String(error.code)}]` : (error.stack ?? error.message)
}

/* One line, whatever is in it, and nothing that a terminal obeys. */
function toLine(text: string): string {
  return text
    .slice(0, maxLength)
    .replace(/\s*\n\s*/g, ' | ')
    .replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '\ufffd')
}
