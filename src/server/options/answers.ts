/* Options: what is offered, under which addresses, and how large. Where nothing is said, the image service decides. */
import type { OptionTable } from './option.js'
import { flag, freshness, httpUrl, list, number, prefix, someOrAll, text, whole } from './types.js'

/** What is offered, under which addresses, and how large. */
export interface AnswersSettings {
  /** The path of version 2 of the Image API; `false` switches it off. @defaultValue /iiif/2 */
  readonly prefix2: string | false
  /** The path of version 3 of the Image API; `false` switches it off. @defaultValue /iiif/3 */
  readonly prefix3: string | false
  /**
   * The public address of the server, such as `https://example.org/images`. @defaultValue what requests and the headers of
   * trusted proxies tell
   */
  readonly baseUri?: string
  /**
   * Whose X-Forwarded-* headers are believed: addresses, subnets, and the names `loopback`, `linklocal`, `uniquelocal`;
   * `true` for everybody's. @defaultValue loopback,linklocal,uniquelocal
   */
  readonly trustProxy: boolean | readonly string[]
  /** What stands for a slash in identifiers, for proxies that decode `%2F`. @defaultValue nothing */
  readonly slashSubstitute?: string
  /** The largest response, in pixels. @defaultValue 50,000,000 */
  readonly maxPixels?: number
  /** The largest width of a response, in pixels. @defaultValue none */
  readonly maxWidth?: number
  /** The largest height of a response, in pixels; needs the width. @defaultValue the largest width */
  readonly maxHeight?: number
  /** How far a region may be scaled up: 1 is not at all. @defaultValue 1 */
  readonly maxScale?: number
  /** The formats of responses; `jpg` is always one. @defaultValue jpg,png,webp,tif,gif,avif */
  readonly formats?: readonly string[]
  /** Whether image requests are redirected to their canonical form. @defaultValue false */
  readonly redirectToCanonical: boolean
  /** The Cache-Control header of what is found. @defaultValue public, max-age=86400 */
  readonly cacheControl?: string
  /** For how long an image that was looked up is believed to be unchanged, in seconds. @defaultValue 1 */
  readonly revalidate?: 'always' | 'never' | number
  /** What may be done with all images: the URI of a licence or a statement, for info.json. @defaultValue nothing */
  readonly rights?: string
  /** Text that is laid over all images. @defaultValue none */
  readonly overlayText?: string
  /**
   * Whether there is a manifest of each image, and a collection of those of the folder, below `/presentation`; what else they
   * say, `service.presentation` in the configuration file tells. @defaultValue false, unless the file tells of them
   */
  readonly presentation?: boolean
}

/** The rows. */
export const answersOptions: OptionTable<AnswersSettings> = {
  prefix2: {
    type: prefix,
    default: '/iiif/2',
    sets: 'prefixes.2',
    help: 'the path of version 2 of the Image API',
  },
  prefix3: {
    type: prefix,
    default: '/iiif/3',
    sets: 'prefixes.3',
    help: 'the path of version 3 of the Image API',
  },
  baseUri: {
    type: httpUrl,
    otherwise: 'what requests tell',
    sets: 'baseUri',
    help: 'the public address of the server',
  },
  trustProxy: {
    type: someOrAll,
    default: ['loopback', 'linklocal', 'uniquelocal'],
    sets: 'trustProxy',
    help: 'whose X-Forwarded-* headers are believed',
  },
  slashSubstitute: {
    type: text,
    otherwise: 'nothing',
    sets: 'slashSubstitute',
    help: 'what stands for a slash in identifiers',
  },
  maxPixels: {
    type: whole(1),
    otherwise: '50000000',
    sets: 'limits.maxArea',
    help: 'the largest response, in pixels',
  },
  maxWidth: { type: whole(1), otherwise: 'none', sets: 'limits.maxWidth', help: 'its largest width' },
  maxHeight: {
    type: whole(1),
    otherwise: 'the largest width',
    sets: 'limits.maxHeight',
    help: 'its largest height',
  },
  maxScale: {
    type: number(1),
    otherwise: '1',
    sets: 'limits.maxScale',
    help: 'how far a region may be scaled up',
  },
  formats: {
    type: list,
    otherwise: 'all that can be made',
    sets: 'formats',
    help: 'the formats of responses',
  },
  redirectToCanonical: {
    type: flag,
    default: false,
    sets: 'redirectToCanonical',
    help: 'redirect images to their canonical form',
  },
  cacheControl: {
    type: text,
    otherwise: 'public, max-age=86400',
    sets: 'cacheControl',
    help: 'the Cache-Control header of what is found',
  },
  revalidate: {
    type: freshness,
    otherwise: '1',
    sets: 'revalidate',
    help: 'how long an image is believed to be unchanged',
  },
  rights: {
    type: text,
    otherwise: 'nothing',
    sets: 'info.rights',
    help: 'the URI of what may be done with images',
  },
  overlayText: { type: text, otherwise: 'none', help: 'text that is laid over all images' },
  presentation: {
    type: flag,
    otherwise: 'false',
    help: 'a manifest of each image, and a collection of the folder',
  },
}
