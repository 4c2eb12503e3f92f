/**
 * The server `honeydew serve` as far as programs have to do with it: the types of its configuration file, and its access
 * log, which any service can have.
 *
 * @module
 */
export { defineConfig, type ServerConfig, type ServerOptions, type ServiceConfig } from './config.js'
export type { AccessEntry, AccessLogFormat } from './log/access-line.js'
export {
  type AccessLog,
  type AccessLogOptions,
  createAccessLog,
  type RequestDescription,
} from './log/access-log.js'
export type { AnswersSettings } from './options/answers.js'
export type { CacheSettings } from './options/cache.js'
export type { GeneralSettings } from './options/general.js'
export type { ImagesSettings } from './options/images.js'
export type { ListenSettings } from './options/listen.js'
export type { LogsSettings } from './options/logs.js'
export type { Access, OperationSettings } from './options/operation.js'
export type { ServerSettings } from './options/table.js'
export type { WorkSettings } from './options/work.js'
