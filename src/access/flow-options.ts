/* The options of the authorisation flow: what the application says of its logins, checked once. */

import type { LanguageText } from '../protocol/language.js'
import type { ImageApiVersion } from '../protocol/version.js'
import type { AuthVersion } from './decision.js'
import { type Keys, resolveKeys } from './keys.js'
import { type IsAllowedOrigin, type Origins, resolveOrigins } from './origin.js'
import {
  type AccessService,
  type AccessServiceOptions,
  resolveServices,
  resolveTexts,
  type Texts,
} from './service-options.js'
import { createTokenBox, type JsonValue, type TokenBox } from './token.js'

/** The authorisation flow of IIIF: how viewers lead users to a login and learn what they may see. */
export interface FlowOptions<User = unknown> {
  /** The ways to get access. Viewers try `external` first, then `kiosk`, then `active`. */
  readonly services: readonly AccessServiceOptions<User>[]
  /** The secret of cookies and tokens, or several of which the first signs and all verify. */
  readonly keys: Keys
  /** The path of the endpoints. @defaultValue `/iiif/auth` */
  readonly prefix?: string
  /** The path that clients see, where a proxy rewrites it. @defaultValue that of `prefix` */
  readonly publicPrefix?: string
  /**
   * Which services the info.json of each version of the Image API tells of: 1 are those of the Authentication API 1.0 for
   * old viewers, 2 those of the Authorization Flow API 2.0. The two want different answers for who may not see an
   * image: the first an info.json with status 401, or a redirect to that of a lower tier, the second one with status 200.
   * With both it is 401, which not every new viewer reads.
   * @defaultValue `{ 2: [1], 3: [2] }`
   */
  readonly versions?: Partial<Readonly<Record<ImageApiVersion, readonly AuthVersion[]>>>
  /** Whose viewers are given tokens. @defaultValue `*`: as IIIF wants it, any viewer may be used */
  readonly origins?: Origins
  /** For which images info.json tells of the services. @defaultValue for all */
  readonly protects?: (identifier: string) => boolean | PromiseLike<boolean>
  /** What a token carries of a user: what JSON can hold, some hundred bytes. @defaultValue the user */
  readonly toToken?: (user: User) => JsonValue
  /** Who a token is about; `undefined` for nobody any more. @defaultValue what it carries */
  readonly fromToken?: (value: JsonValue) => User | undefined | PromiseLike<User | undefined>
  /** For how long viewers may use a token, in seconds. @defaultValue 300 */
  readonly tokenSeconds?: number
  /** The cookie that honeydew sets for who logs in by a function. */
  readonly cookie?: CookieSettings
  /** The heading of what viewers show to who may not see an image. */
  readonly errorHeading?: LanguageText
  /** The text below that heading. */
  readonly errorNote?: LanguageText
  /** The time, in milliseconds since 1970. @defaultValue Date.now */
  readonly now?: () => number
  /** Random bytes. @defaultValue those of node:crypto */
  readonly random?: (count: number) => Uint8Array
}

/** The cookie that lets users see images. */
export interface CookieSettings {
  /** The name; over https `__Host-` comes before it, or `__Secure-` where there is a domain. @defaultValue `honeydew` */
  readonly name?: string
  /** For how long it is good, in seconds. @defaultValue 3,600 */
  readonly seconds?: number
  /** The domain whose hosts all get it. @defaultValue none: only the host that sets it */
  readonly domain?: string
}

/** {@link FlowOptions}, checked and complete. */
export interface Flow<User = unknown> extends Pick<Texts, 'errorHeading' | 'errorNote'> {
  /** The path of the endpoints. */
  readonly prefix: string
  /** The path that clients see. */
  readonly publicPrefix: string
  /** Which services each version of the Image API tells of. */
  readonly versions: Readonly<Record<ImageApiVersion, readonly AuthVersion[]>>
  /** The ways to get access. */
  readonly services: readonly AccessService<User>[]
  /** Whose viewers are given tokens. */
  readonly isAllowedOrigin: IsAllowedOrigin
  /** For which images info.json tells of the services. */
  readonly protects: (identifier: string) => boolean | PromiseLike<boolean>
  /** What a token carries of a user. */
  readonly toToken: (user: User) => JsonValue
  /** Who a token is about. */
  readonly fromToken: (value: JsonValue) => User | undefined | PromiseLike<User | undefined>
  /** What viewers get for their probes. */
  readonly token: { readonly seconds: number; readonly box: TokenBox }
  /** What browsers get for their images. */
  readonly cookie: {
    readonly name: string
    readonly seconds: number
    readonly domain?: string
    readonly box: TokenBox
  }
  /** The time, in milliseconds since 1970. */
  readonly now: () => number
  /** Random bytes. */
  readonly random: ((count: number) => Uint8Array) | undefined
}

/** Checks the options of the authorisation flow. @throws TypeError that names the option. */
export function resolveFlow<User>(options: FlowOptions<User>): Flow<User> {
  const { prefix = '/iiif/auth', tokenSeconds = 300, cookie = {}, now = Date.now, random } = options
  const keys = resolveKeys(options.keys, 'flow.keys')
  const clock = { now, ...(random && { random }) }
  const { errorHeading, errorNote } = options
  return Object.freeze({
    prefix: requirePrefix('flow.prefix', prefix),
    publicPrefix: requirePrefix('flow.publicPrefix', options.publicPrefix ?? prefix),
    versions: resolveVersions(options.versions),
    services: resolveServices(options.services),
    isAllowedOrigin: resolveOrigins(options.origins ?? '*', 'flow.origins'),
    protects: options.protects ?? (() => true),
    // Without functions of its own the application's users are what JSON can hold.
    toToken: options.toToken ?? (user => user as JsonValue),
    fromToken: options.fromToken ?? (value => value as User),
    token: {
      seconds: requireSeconds('flow.tokenSeconds', tokenSeconds),
      box: createTokenBox(keys, { audience: 'token', ...clock }),
    },
    cookie: { ...resolveCookie(cookie), box: createTokenBox(keys, { audience: 'cookie', ...clock }) },
    ...resolveTexts('flow', { errorHeading, errorNote }),
    now,
    random,
  })
}

function resolveCookie({
  name = 'honeydew',
  seconds = 3600,
  domain,
}: CookieSettings): Omit<Flow['cookie'], 'box'> {
  if (!/^[\w-]{1,64}$/.test(name)) throw new TypeError('flow.cookie.name: expected letters, digits, _ and -')
  if (domain !== undefined && !/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(domain)) {
    throw new TypeError(`flow.cookie.domain: expected a domain such as example.org but received ${domain}`)
  }
  requireSeconds('flow.cookie.seconds', seconds)
  return { name, seconds, ...(domain !== undefined && { domain }) }
}

function resolveVersions(versions: FlowOptions['versions'] = {}): Flow['versions'] {
  const resolved = { 2: versions[2] ?? [1], 3: versions[3] ?? [2] }
  for (const [version, list] of Object.entries(resolved)) {
    if (Array.isArray(list) && list.every(item => item === 1 || item === 2)) continue
    throw new TypeError(`flow.versions[${version}]: expected a list of 1 and 2`)
  }
  return resolved
}

function requirePrefix(name: string, prefix: string): string {
  if (typeof prefix === 'string' && /^(?:\/[\w.~-]+)+$/.test(prefix)) return prefix
  throw new TypeError(`${name}: expected a path such as "/iiif/auth" but received ${String(prefix)}`)
}

function requireSeconds(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new TypeError(`${name}: expected whole seconds above 0 but received ${value}`)
}
