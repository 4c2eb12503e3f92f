/* Options: where results are kept. Memory lies in front of one store that all workers, or several machines, share. */
import type { OptionTable } from './option.js'
import { bytes, flag, path, redisUrl, seconds, text } from './types.js'

/** Where results are kept. */
export interface CacheSettings {
  /**
   * The memory for results of all workers together, in bytes; each has its part; 0 is none.
   * @defaultValue 64 MiB for each worker, at most an eighth of the memory of the machine
   */
  readonly cacheMemory?: number
  /** A folder for results, which all workers share. @defaultValue none */
  readonly cacheFolder?: string
  /** How much the folder may hold, in bytes. @defaultValue 10 GiB */
  readonly cacheSize: number
  /** A Redis server for results; needs the package `redis` or `ioredis`. @defaultValue none */
  readonly cacheRedis?: string
  /**
   * A bucket for results, in the store that is told by the options of S3 for images; needs the package
   * `@aws-sdk/client-s3`. @defaultValue none
   */
  readonly cacheS3Bucket?: string
  /** For how long folder, Redis or bucket keep a result, in seconds. @defaultValue without end; in Redis, a week */
  readonly cacheSeconds?: number
  /**
   * Whether what has expired is swept from folder and bucket each hour, by one worker. Of several machines that share them
   * one is enough. @defaultValue true
   */
  readonly maintenance: boolean
}

/** The rows. */
export const cacheOptions: OptionTable<CacheSettings> = {
  cacheMemory: {
    type: bytes(0),
    otherwise: '64MiB for each worker',
    help: 'memory for results, of all workers together',
  },
  cacheFolder: { type: path, otherwise: 'none', help: 'a folder for results' },
  cacheSize: { type: bytes(1), default: 10 * 2 ** 30, help: 'how much the folder may hold' },
  cacheRedis: {
    type: redisUrl,
    otherwise: 'none',
    help: 'a Redis server for results (package redis or ioredis)',
  },
  cacheS3Bucket: { type: text, otherwise: 'none', help: 'a bucket of S3 for results' },
  cacheSeconds: {
    type: seconds(1),
    otherwise: 'without end; in Redis, a week',
    help: 'how long folder, Redis or bucket keep a result',
  },
  maintenance: { type: flag, default: true, help: 'sweep folder and bucket each hour' },
}
