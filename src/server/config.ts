/* The configuration file: what it may hold. */
import type { SourceResolver } from '../contracts.js'
import type { TlsOptions } from '../operations/index.js'
import type { ImageServiceOptions } from '../options.js'
import type { ServerSettings } from './options/table.js'

/** Options of the server, as a configuration file names them. */
export type ServerOptions = Partial<Omit<ServerSettings, 'config'>>

/** Options of the image service beside those that the server makes of its own. */
export type ServiceConfig<User = unknown> = Partial<Omit<ImageServiceOptions<User>, 'source'>> & {
  /** Where images come from; asked after what the options of the server name. */
  readonly source?: SourceResolver | readonly SourceResolver[]
}

/** What a configuration file gives. */
export interface ServerConfig<User = unknown> extends ServerOptions {
  /**
   * Options of the image service that there are no options of the server for: `authorize`, `info`, `encode`, `flow`, sources
   * and caches of your own. A function is called once by each worker, and may open connections.
   */
  readonly service?: ServiceConfig<User> | (() => ServiceConfig<User> | Promise<ServiceConfig<User>>)
  /** Certificates for several host names, instead of `tlsCert`, `tlsKey` and `tlsPfx`. */
  readonly tls?: TlsOptions
  /** Writes a user, as `authenticate` told it, for the access log. @defaultValue the user, where it is a string */
  readonly nameUser?: (user: User) => string | undefined
}

/**
 * Gives a configuration its types; it is given back as it is.
 *
 * @example
 * ```ts
 * // honeydew.config.js
 * import { allow, deny } from 'honeydew/access'
 * import { defineConfig } from 'honeydew/server'
 *
 * export default defineConfig({
 *   folder: './images',
 *   cacheFolder: './cache',
 *   service: { authorize: ({ identifier }) => (identifier.startsWith('draft/') ? deny(404) : allow()) },
 * })
 * ```
 */
export function defineConfig<User = unknown>(config: ServerConfig<User>): ServerConfig<User> {
  return config
}
