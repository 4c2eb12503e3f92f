/**
 * `honeydew/testing`: what every cache must do, as checks for any test runner.
 *
 * @module
 */
export type { Cache, CacheEntry, CacheMatch, CacheStats, SweepReport } from '../contracts.js'
export { type CacheCheck, cacheChecks } from './cache-checks.js'
