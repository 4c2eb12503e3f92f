/**
 * Amazon S3 and whatever speaks its language. Needs the package `@aws-sdk/client-s3`, which is loaded when it is first
 * used.
 *
 * @module
 */
export { type S3CacheOptions, s3Cache } from './cache/s3.js'
export type { S3ClientLike } from './cache/s3-bucket.js'
export { type LocateObject, type S3Location, type S3SourceOptions, s3Source } from './source/s3.js'
export type { S3Client, S3Connection, S3Input, S3Output } from './source/s3-client.js'
export type { S3Keys } from './source/s3-sign.js'
