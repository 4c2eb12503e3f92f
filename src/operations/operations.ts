/* The endpoints for who operates a service: health, readiness, metrics, status, tasks. Each request passes the gate of its
   group first. */
import type { HttpHandler, HttpReply, HttpRequest } from '../contracts.js'
import { BadRequestError } from '../errors.js'
import { metricsMediaType } from '../http/open-metrics.js'
import { formatHeaderUri } from '../http/uri.js'
import { type Names, requireNames } from '../protocol/option-names.js'
import { readVersions } from '../service/versions.js'
import { createGates, requireSameSite } from './access.js'
import { formatOperations } from './metrics.js'
import type { OperatedService, OperationsGroup, OperationsOptions } from './options.js'
import { readOrder } from './order.js'
import { createProcessMonitor } from './process-monitor.js'
import { buildFailure, buildJson, buildMethods, buildReply } from './reply.js'
import { createTasks, type Tasks } from './tasks.js'

/** The endpoints of {@link createOperations}; doors take it as they take a service. */
export interface Operations extends HttpHandler {
  /** Stops all tasks and waits until they have stopped; the service stays as it is. */
  close(): Promise<void>
}

interface Endpoint {
  readonly group: OperationsGroup
  readonly GET: Answer
  readonly POST?: Answer
  readonly DELETE?: Answer
}

type Answer = (request: HttpRequest) => HttpReply | Promise<HttpReply>

/**
 * Creates the endpoints for who operates a service: `/health`, `/ready`, `/metrics`, `/status` and `/tasks`. By default they
 * answer only who is on the same machine.
 *
 * @throws TypeError that names the option, where one is not valid.
 * @example
 * ```ts
 * const operations = createOperations(service, { access: { health: 'open', tasks: { token } } })
 * createServer(createNodeHandler(operations, createNodeHandler(service))).listen(8182)
 * ```
 */
export function createOperations(service: OperatedService, options: OperationsOptions = {}): Operations {
  requireNames(options, optionNames)
  const { maxTasks = 100 } = options
  const prefix = resolvePrefix(options.prefix)
  const gates = createGates(options.access)
  if (!Number.isSafeInteger(maxTasks) || maxTasks < 1) {
    throw new TypeError(`maxTasks: expected a whole number from 1 but received ${String(maxTasks)}`)
  }
  const monitor = createProcessMonitor(service)
  const tasks = createTasks(service, maxTasks)
  const facts = { service, tasks, reports: options.reports ?? (() => [monitor.report()]), tls: options.tls }
  const endpoints: Readonly<Record<string, Endpoint>> = {
    ...createReadings(facts),
    '/tasks': createTaskList(facts, prefix),
  }
  const findEndpoint = (path: string): Endpoint | undefined => {
    const [, id] = /^\/tasks\/([\w-]+)$/.exec(path) ?? []
    if (id !== undefined) return createTaskResource(tasks, id)
    return Object.hasOwn(endpoints, path) ? endpoints[path] : undefined
  }
  return {
    async handle(request) {
      const [path = ''] = request.url.split(/[?#]/, 1)
      if (!path.startsWith(`${prefix}/`)) return undefined
      const endpoint = findEndpoint(path.slice(prefix.length))
      const gate = endpoint && gates[endpoint.group]
      if (endpoint === undefined || gate === undefined) return undefined
      try {
        gate(request)
        return await answer(request, endpoint)
      } catch (error) {
        return buildFailure(request, error)
      }
    },
    async close() {
      monitor.close()
      await tasks.close()
    },
  }
}

const optionNames: Names<OperationsOptions> = {
  prefix: true,
  access: true,
  maxTasks: true,
  reports: true,
  tls: true,
}

function resolvePrefix(prefix: unknown = '/'): string {
  if (typeof prefix === 'string' && /^(?:\/[\w.~-]+)*\/?$/.test(prefix)) return prefix.replace(/\/$/, '')
  throw new TypeError(`prefix: expected a path such as "/operations" but received ${String(prefix)}`)
}

const methods = ['GET', 'POST', 'DELETE'] as const

function answer(request: HttpRequest, endpoint: Endpoint): HttpReply | Promise<HttpReply> {
  const wanted = request.method === 'HEAD' ? 'GET' : request.method
  const method = methods.find(name => name === wanted)
  const perform = method && endpoint[method]
  if (perform === undefined) {
    return buildMethods(
      request,
      methods.filter(name => endpoint[name] !== undefined),
    )
  }
  if (method !== 'GET') requireSameSite(request)
  return perform(request)
}

interface Facts {
  readonly service: OperatedService
  readonly tasks: Tasks
  readonly reports: NonNullable<OperationsOptions['reports']>
  readonly tls: OperationsOptions['tls']
}

function createReadings({ service, tasks, reports, tls }: Facts): Readonly<Record<string, Endpoint>> {
  const versions = readVersions()
  const listCertificates = () => tls?.certificates() ?? []
  return {
    '/health': {
      group: 'health',
      async GET(request) {
        const health = await service.health()
        return buildJson(request, health.color === 'RED' ? 503 : 200, health)
      },
    },
    '/ready': {
      group: 'health',
      GET(request) {
        const ready = service.isReady()
        return buildJson(request, ready ? 200 : 503, { ready })
      },
    },
    '/metrics': {
      group: 'metrics',
      async GET(request) {
        const certificates = listCertificates()
        const facts = { reports: await reports(), versions, tasks: tasks.count(), certificates }
        return buildReply(request, 200, metricsMediaType, formatOperations(facts))
      },
    },
    '/status': {
      group: 'status',
      GET: async request =>
        buildJson(request, 200, {
          name: 'honeydew',
          versions,
          ready: service.isReady(),
          settings: service.settings(),
          processes: await reports(),
          certificates: listCertificates(),
          tasks: tasks.count(),
        }),
    },
  }
}

function createTaskList({ service, tasks }: Facts, prefix: string): Endpoint {
  return {
    group: 'tasks',
    GET: request => buildJson(request, 200, { tasks: tasks.list() }),
    async POST(request) {
      const order = await readOrder(request)
      if (order.kind === 'warm') requireFormat(order.format, service)
      const task = tasks.begin(order)
      return buildJson(request, 202, task, {
        Location: formatHeaderUri(`${request.mountPath}${prefix}/tasks/${task.id}`),
      })
    },
  }
}

function requireFormat(format: string | undefined, service: OperatedService): void {
  const { formats } = service.settings()
  if (format === undefined || (formats as readonly string[]).includes(format)) return
  throw new BadRequestError('invalid-task', `Expected a format that is made here: ${formats.join(', ')}.`)
}

function createTaskResource(tasks: Tasks, id: string): Endpoint {
  return {
    group: 'tasks',
    GET: request => buildJson(request, 200, tasks.find(id)),
    DELETE(request) {
      const task = tasks.stop(id)
      // What has begun may take a while until it can stop.
      return buildJson(request, task.endedAt === undefined ? 202 : 200, task)
    },
  }
}
