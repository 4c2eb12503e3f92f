/* Options: where images come from. Of several places the first that has an image gives it: the folder, the server, the
   bucket. */
import type { OptionTable } from './option.js'
import { bytes, flag, httpUrl, path, showUrl, someOrAll, text, textLike } from './types.js'

/** Where images come from. */
export interface ImagesSettings {
  /** A folder of images; an identifier is the path of a file in it. @defaultValue none */
  readonly folder?: string
  /**
   * Another server that has images: a URL with `{identifier}` in it, where the identifier is encoded with its slashes, or
   * with `{+identifier}`, where they separate folders. @defaultValue none
   */
  readonly httpSource?: string
  /**
   * Whether that server may have an address that is not public: any, or one of a list of addresses and subnets.
   * @defaultValue false
   */
  readonly httpPrivate: boolean | readonly string[]
  /** A bucket that has images, at Amazon or wherever S3 is spoken. @defaultValue none */
  readonly s3Bucket?: string
  /** The key of an image in the bucket, with `{identifier}` where that belongs. @defaultValue `{identifier}` */
  readonly s3Key: string
  /** The address of a store that is not Amazon's. @defaultValue Amazon's */
  readonly s3Endpoint?: string
  /** The region of the store. @defaultValue us-east-1 where there are keys, else what the AWS SDK finds */
  readonly s3Region?: string
  /**
   * The id of the access key; `anonymous` for public buckets. With it the package `@aws-sdk/client-s3` is not needed for
   * images. @defaultValue what the AWS SDK finds
   */
  readonly s3AccessKey?: string
  /** A file with the secret access key. @defaultValue none */
  readonly s3SecretFile?: string
  /** A folder for files that have to be fetched whole; it is emptied again. @defaultValue that of the system */
  readonly tempFolder?: string
  /** How much these may take together, in bytes. @defaultValue 10 GiB */
  readonly tempSize: number
  /** Whether SVG is read; a drawing can cost far more than its size tells. @defaultValue false */
  readonly svg: boolean
}

/** The rows. */
export const imagesOptions: OptionTable<ImagesSettings> = {
  folder: { type: path, otherwise: 'none', help: 'a folder of images' },
  httpSource: {
    type: {
      ...textLike('a URL with {identifier} or {+identifier} in it', '<url>', /^https?:.*\{\+?identifier\}/),
      show: showUrl,
    },
    otherwise: 'none',
    help: 'another server: a URL with {identifier} or {+identifier}',
  },
  httpPrivate: {
    type: someOrAll,
    default: false,
    help: 'whether it may have a private address; or which, as subnets',
  },
  s3Bucket: { type: text, otherwise: 'none', help: 'a bucket of S3 that has images' },
  s3Key: {
    type: textLike('a key with {identifier} in it', '<key>', /\{identifier\}/),
    default: '{identifier}',
    help: 'the key of an image in the bucket',
  },
  s3Endpoint: { type: httpUrl, otherwise: 'Amazon', help: 'the address of a store of S3' },
  s3Region: { type: text, otherwise: 'what the SDK finds', help: 'the region of the store' },
  s3AccessKey: {
    type: text,
    otherwise: 'what the SDK finds',
    help: 'the id of the access key, or "anonymous"',
  },
  s3SecretFile: { type: path, otherwise: 'none', help: 'a file with the secret access key' },
  tempFolder: {
    type: path,
    otherwise: 'that of the system',
    help: 'a folder for files that must be fetched whole',
  },
  tempSize: { type: bytes(1), default: 10 * 2 ** 30, help: 'how much these may take together' },
  svg: { type: flag, default: false, sets: 'read.svg', help: 'whether SVG is read' },
}
