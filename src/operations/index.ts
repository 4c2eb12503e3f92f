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
  type DelayCounts,
  type ProcessMonitor,
  type ProcessReport,
  type ProcessStats,
} from './process-monitor.js'
export {
  loadTls,
  type TlsMaterial,
  type TlsOptions,
  type TlsServer,
  type TlsServerOptions,
} from './tls.js'
export type { CertificateStatus } from './tls-entry.js'
export {
  type Passphrase,
  type PemIdentity,
  type Pkcs12Identity,
  TlsError,
  type TlsIdentity,
} from './tls-identity.js'
