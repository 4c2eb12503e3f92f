/* What a worker answers with: the image service, the operations, the start page; and what is written about each answer. */
import type { HttpHandler, HttpReply, HttpRequest } from '../contracts.js'
import { createBaseUri } from '../http/base-uri.js'
import { createTrust, type TrustProxy } from '../http/trust-proxy.js'
import type { TlsMaterial } from '../operations/index.js'
import { createProcessMonitor, type ProcessReport } from '../operations/index.js'
import type { ImageServiceOptions } from '../options.js'
import type { PurgeTarget } from '../service/upkeep.js'
import { createImageService, type ImageService } from '../service.js'
import type { Colleagues, PlainRequest } from './colleagues.js'
import { listenToHooks } from './hooks.js'
import { type Logs, logFailure, logReply, logReport, openLogs } from './logs.js'
import { createNotes, type Notes } from './notes.js'
import { createWorkerOperations, type WorkerOperations } from './operations.js'
import { OptionsError } from './options-error.js'
import { createStartPage } from './page/start-page.js'
import type { Resolution } from './resolve.js'
import { buildServiceOptions } from './service/service-options.js'

/** What belongs to a worker. */
export interface SiteContext {
  /** The number of the worker, where there are several. */
  readonly worker: number | undefined
  /** Whether this worker does what is to be done once. */
  readonly isLead: boolean
  /** The other workers. */
  readonly colleagues: Colleagues
  /** The certificates in use. */
  readonly tls: TlsMaterial | undefined
}

/** What a worker answers with. */
export interface Site extends HttpHandler {
  /** A request has come, by this version of HTTP. */
  begin(headers: object, httpVersion: string): void
  /** The logs. */
  readonly logs: Logs
  /** What the worker tells of itself. */
  report(): ProcessReport
  /** Has this worker forget. */
  purge(target: PurgeTarget): Promise<unknown>
  /** Answers for another worker what is done by one for all. */
  answerForOthers(request: PlainRequest): Promise<HttpReply | undefined>
  /** Says from now on that the worker is not ready. */
  drain(): void
  /** Ends it; requests from now on are answered with 503. */
  close(): Promise<void>
}

/**
 * Creates what a worker answers with.
 *
 * @throws {@link OptionsError} with a line for each option that is wrong.
 */
export async function createSite(resolution: Resolution, context: SiteContext): Promise<Site> {
  const told: { logs?: Logs } = {}
  const onCacheError = rarely((error: Error) =>
    told.logs?.errors.tell('warning', 'The cache fails; images are made anew.', { error }),
  )
  const { isLead } = context
  const options = await named(() => buildServiceOptions(resolution, { isLead, onCacheError }))
  const trustProxy = options.trustProxy ?? ['loopback', 'linklocal', 'uniquelocal']
  const notes = await named(() => createNotes(createTrust(trustProxy)))
  const service = await named(() => createImageService(observe(options, notes, told)))
  try {
    const { settings, config } = resolution
    const nameUser = (config.nameUser ?? nameText) as typeof nameText
    const logs = await openLogs(settings, { notes, nameUser, worker: context.worker })
    told.logs = logs
    const operations = await named(() => createWorkerOperations(service, settings, context))
    return joinSite({ service, operations, options, notes, logs, trustProxy }, resolution, context)
  } catch (error) {
    await service.close()
    throw error
  }
}

/* What creates something of options names the option in its TypeError. */
async function named<T>(create: () => T | Promise<T>): Promise<T> {
  try {
    return await create()
  } catch (error) {
    throw error instanceof TypeError ? new OptionsError([error.message]) : error
  }
}

function nameText(user: unknown): string | undefined {
  return typeof user === 'string' ? user : undefined
}

const rareMs = 60_000

function rarely<T>(tell: (value: T) => void): (value: T) => void {
  let next = 0
  return value => {
    if (performance.now() < next) return
    next = performance.now() + rareMs
    tell(value)
  }
}

/* Hears of answers and hooks beside what the configuration file wants to hear. */
function observe(
  options: ImageServiceOptions,
  notes: Notes,
  told: { readonly logs?: Logs },
): ImageServiceOptions {
  const { onResponse } = options
  const listening = listenToHooks(options, {
    onUser(facts, user) {
      notes.find(facts).user = user
    },
    onFailure({ method, url }, name, error) {
      const message = name === 'authorize' ? 'authorize has failed: access is denied.' : `${name} has failed.`
      told.logs?.errors.tell('error', message, { request: `${method} ${url}`, error })
    },
  })
  return {
    ...listening,
    onResponse(report) {
      if (told.logs) logReport(report, told.logs, notes)
      return onResponse?.(report)
    },
  }
}

interface Parts {
  readonly service: ImageService
  readonly operations: WorkerOperations
  readonly options: ImageServiceOptions
  readonly notes: Notes
  readonly logs: Logs
  readonly trustProxy: TrustProxy
}

function joinSite(parts: Parts, { settings }: Resolution, { worker }: SiteContext): Site {
  const { service, operations, options, notes, logs } = parts
  const monitor = createProcessMonitor(service)
  const resolveBase = createBaseUri({ trustProxy: parts.trustProxy })
  const hasPage = settings.startPage ?? options.authorize === undefined
  const page = hasPage ? createStartPage(settings, options) : undefined
  const isAtRoot = Object.values(options.prefixes ?? {}).includes('')
  const handlers = isAtRoot ? [operations, service, page] : [service, operations, page]
  const answer = async (request: HttpRequest): Promise<HttpReply> => {
    for (const handler of handlers) {
      const reply = await handler?.handle(request)
      if (reply !== undefined) return reply
    }
    return buildText(404, 'Not found')
  }
  return {
    async handle(request) {
      try {
        const reply = await answer(request)
        // The image service tells of its answers itself, of a large one when it was given.
        if (!notes.find(request).isLogged && !isStream(reply))
          logReply(request, reply, resolveBase(request).clientAddress, logs, notes)
        if (reply.status < 500) return reply
        return { ...reply, headers: { ...reply.headers, 'X-Request-Id': notes.identify(request) } }
      } catch (error) {
        logFailure(request, 500, logs, notes, { error })
        return buildText(500, 'Internal Server Error')
      }
    },
    begin: notes.begin,
    logs,
    report: () => monitor.report(worker === undefined ? undefined : String(worker)),
    purge: target => service.purge(target),
    answerForOthers: operations.answerForOthers,
    drain: service.drain,
    async close() {
      monitor.close()
      await operations.close()
      await service.close()
      await logs.close()
    },
  }
}

function isStream({ body }: HttpReply): boolean {
  return typeof body === 'object' && !(body instanceof Uint8Array)
}

function buildText(status: number, text: string): HttpReply {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache' }
  return { status, headers, body: `${text}\n` }
}
