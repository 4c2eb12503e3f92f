/* The endpoints for who operates a service: health, readiness, metrics, status, tasks. */
import type { HttpHandler } from '../contracts.js'
import type { OperatedService, OperationsOptions } from './options.js'

/** The endpoints of {@link createOperations}; doors take it as they take a service. */
export interface Operations extends HttpHandler {
  /** Stops what is being done, and waits until it has stopped; the service stays as it is. */
  close(): Promise<void>
}

/**
 * Creates the endpoints for who operates a service.
 *
 * @throws TypeError that names the option, where one is not valid.
 * @example
 * ```ts
 * const operations = createOperations(service, { access: { health: 'open', tasks: { token } } })
 * createServer(createNodeHandler(operations, createNodeHandler(service))).listen(8182)
 * ```
 */
export function createOperations(service: OperatedService, options: OperationsOptions = {}): Operations {
  throw new Error(`not yet ${service} ${options}`)
}
