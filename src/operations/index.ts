/**
 * What it takes to run a service: health, readiness, metrics, status and tasks over HTTP, and certificates for TLS.
 *
 * @module
 */
export { createOperations, type Operations } from './operations.js'
export type {
  OperatedService,
  OperationsAccess,
  OperationsGroup,
  OperationsOptions,
  OperationsToken,
} from './options.js'
export {
  createProcessMonitor,
  type ProcessMonitor,
  type ProcessReport,
  type ProcessStats,
} from './process-monitor.js'
export { loadTls, type TlsMaterial, type TlsOptions, type TlsServerOptions } from './tls.js'
export type {
  CertificateStatus,
  Passphrase,
  PemIdentity,
  Pkcs12Identity,
  TlsIdentity,
} from './tls-identity.js'
