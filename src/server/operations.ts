/* The operations of a worker: health and readiness are its own; metrics and status are told of all workers; tasks are done
   by one of them, which all others ask. */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import type { HttpHandler, HttpReply, HttpRequest } from '../contracts.js'
import {
  createOperations,
  createProcessMonitor,
  type OperationsAccess,
  type OperationsGroup,
} from '../operations/index.js'
import { readBody } from '../operations/order.js'
import { buildFailure } from '../operations/reply.js'
import type { ImageService } from '../service.js'
import type { PlainRequest } from './colleagues.js'
import type { Access } from './options/operation.js'
import type { ServerSettings } from './options/table.js'
import type { SiteContext } from './site.js'

/** The operations of a worker. */
export interface WorkerOperations extends HttpHandler {
  /** Answers for another worker; `undefined` where the path is none of the operations. */
  answerForOthers(request: PlainRequest): Promise<HttpReply | undefined>
  /** Stops what is being done. */
  close(): Promise<void>
}

/**
 * Creates the operations of a worker.
 *
 * @throws TypeError where a token is none.
 */
export function createWorkerOperations(
  service: ImageService,
  settings: ServerSettings,
  { worker, colleagues, tls }: SiteContext,
): WorkerOperations {
  const monitor = createProcessMonitor(service)
  const operated = {
    ...service,
    async purge(target: Parameters<ImageService['purge']>[0]) {
      const report = await service.purge(target)
      // What has expired is swept from what all share; the memory of each gives up by itself what has.
      if (!('expired' in target)) await colleagues.purge(target)
      return report
    },
  }
  const { operationsPrefix } = settings
  const operations = createOperations(operated, {
    prefix: operationsPrefix,
    access: resolveAccess(settings),
    reports: async () => [
      monitor.report(worker === undefined ? undefined : String(worker)),
      ...(await colleagues.reports()),
    ],
    ...(tls && { tls }),
  })
  const tasks = `${operationsPrefix.replace(/\/$/, '')}/tasks`
  const { askLead } = colleagues
  return {
    async handle(request) {
      if (!askLead || !isBelow(tasks, request.url)) return operations.handle(request)
      const plain = toPlain(request)
      // Who may not ask is refused before anything of a body is read.
      const gate = await operations.handle({ ...plain, mountPath: '', method: 'GET', url: tasks })
      if (gate?.status !== 200) return gate
      try {
        const body = await readBody(request)
        return await askLead({ ...plain, body }).catch(() => buildUnavailable())
      } catch (error) {
        return buildFailure(request, error)
      }
    },
    answerForOthers: request =>
      operations.handle({ ...request, mountPath: '', body: Readable.from([request.body]) }),
    async close() {
      monitor.close()
      await operations.close()
    },
  }
}

function isBelow(path: string, url: string): boolean {
  const [asked = ''] = url.split(/[?#]/, 1)
  return asked === path || asked.startsWith(`${path}/`)
}

function toPlain(request: HttpRequest): Omit<PlainRequest, 'body'> {
  const { method, url, headers, scheme, authority, remoteAddress } = request
  return {
    method,
    url,
    headers: { ...headers },
    scheme,
    ...(authority !== undefined && { authority }),
    ...(remoteAddress !== undefined && { remoteAddress }),
  }
}

function buildUnavailable(): HttpReply {
  const body = `${JSON.stringify({ status: 503, message: 'The worker that does this is not there; ask again.' })}\n`
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'Retry-After': '1' }
  return { status: 503, headers, body }
}

function resolveAccess(settings: ServerSettings): Readonly<Record<OperationsGroup, OperationsAccess>> {
  const { operationsTokenFile } = settings
  const tokens =
    operationsTokenFile === undefined
      ? undefined
      : readFileSync(operationsTokenFile, 'utf8').split(/\s+/).filter(Boolean)
  const resolve = (access: Access = tokens ? 'token' : 'loopback'): OperationsAccess =>
    access === 'token' ? { token: tokens ?? [] } : access
  return {
    health: resolve(settings.healthAccess),
    metrics: resolve(settings.metricsAccess),
    status: resolve(settings.statusAccess),
    tasks: resolve(settings.tasksAccess),
  }
}
