/**
 * Amazon S3 and whatever speaks its language. Needs the package `@aws-sdk/client-s3`, which is loaded when it is first
 * used.
 *
 * @module
 */
export { type S3CacheOptions, s3Cache } from './cache/s3.js'
export type { S3ClientLike } from './cache/s3-bucket.js'
