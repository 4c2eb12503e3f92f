/**
 * Who may see what: the answers that `authorize` gives, signed URLs, and the types of the options of a service that have to
 * do with it.
 *
 * @module
 */
export { AccessError, type AccessErrorOptions } from '../errors.js'
export type { InfoAdditions } from '../protocol/info-hook.js'
export type { LanguageMap, LanguageText } from '../protocol/language.js'
export type { Scale } from '../protocol/scale.js'
export type { AccessOptions } from './access.js'
export type { Authorize, AuthorizeContext, AuthorizeImage, AuthorizeTarget } from './authorize.js'
export type { Cookies } from './cookie.js'
export type { AuthVersion } from './decision.js'
export type { RequestFacts } from './facts.js'
export type { CookieSettings, FlowOptions } from './flow-options.js'
export type { Authenticate } from './identify.js'
export type { Keys, SigningKey } from './keys.js'
export { type Grant, grant, type LoginFunction, type LoginRequest } from './login.js'
export type { Origins } from './origin.js'
export {
  type Allow,
  type AuthorizeResult,
  allow,
  type Deny,
  deny,
  type GrantScale,
  type GrantTier,
  type Redirect,
  redirect,
  scale,
  tier,
} from './result.js'
export type { ServeOnly } from './serve-only.js'
export type { AccessServiceOptions, Profile } from './service-options.js'
export { type SignOptions, signRequest } from './signature.js'
export type { TierOptions } from './tiers.js'
export type { JsonValue } from './token.js'
