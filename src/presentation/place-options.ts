/* Where documents and images are, as programs say it. */
import { type ImageApiVersion, versionFacts } from '../protocol/version.js'
import type { Place } from './place.js'

/** Where documents and images are. */
export interface PlaceOptions {
  /** The public address of the application, such as `https://example.org/images`: all prefixes stand behind it. */
  readonly baseUri: string
  /** The path of documents. @defaultValue `/presentation` */
  readonly prefix?: string
  /** The paths of images, as clients see them; `false` where a version is not served. @defaultValue `/iiif/2` and `/iiif/3` */
  readonly imagePrefixes?: Partial<Readonly<Record<ImageApiVersion, string | false>>>
  /** A string that stands for a slash in identifiers, where a proxy does not let `%2F` pass. @defaultValue none */
  readonly slashSubstitute?: string
}

/** The path of documents where no option says otherwise. */
export const defaultPrefix = '/presentation'

/** Checks where documents and images are. @throws TypeError that names the option. */
export function resolvePlace(options: PlaceOptions): Place {
  const { baseUri, prefix = defaultPrefix, imagePrefixes = {}, slashSubstitute } = options
  if (typeof baseUri !== 'string' || !/^https?:\/\/[^/\s?#]+(?:\/[^\s?#]*)?$/.test(baseUri))
    throw new TypeError('baseUri: expected an http or https URI without query, such as https://example.org')
  requirePath('prefix', prefix)
  const prefixes = {
    2: imagePrefixes[2] ?? versionFacts[2].defaultPrefix,
    3: imagePrefixes[3] ?? versionFacts[3].defaultPrefix,
  }
  for (const version of [2, 3] as const) {
    if (prefixes[version] !== false) requirePath(`imagePrefixes[${version}]`, prefixes[version])
  }
  return {
    root: baseUri.replace(/\/+$/, ''),
    prefix,
    imagePrefixes: prefixes,
    ...(slashSubstitute && { slashSubstitute }),
  }
}

/** Checks a path such as `/presentation`. @throws TypeError that names the option. */
export function requirePath(name: string, path: unknown): asserts path is string {
  if (typeof path === 'string' && /^(?:\/[\w.~-]+)*$/.test(path)) return
  throw new TypeError(`${name}: expected a path such as "/presentation" but received ${String(path)}`)
}
