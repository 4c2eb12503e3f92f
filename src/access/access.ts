/* Everything about access that a service is given, checked once: who may see what, tiers, the authorisation flow, signed
   URLs. */

import { createMetaIdentifierCodec, type MetaIdentifierCodec } from '../protocol/meta-identifier.js'
import type { Authorize } from './authorize.js'
import { type FlowOptions, resolveFlow } from './flow-options.js'
import type { Authenticate, Identification } from './identify.js'
import type { Keys } from './keys.js'
import { type ServeOnly, serveOnlyModes } from './serve-only.js'
import { createSignatureVerifier, type VerifySignature } from './signature.js'
import { resolveTiers, type TierBase, type TierOptions, type Tiers } from './tiers.js'
import { createVariantCodec, type VariantCodec } from './variant.js'

/** Who may see what. `Encode` and `Overlay` are the options of the rooms that make pixels. */
export interface AccessOptions<User = unknown, Encode = unknown, Overlay = unknown> {
  /**
   * Decides who may see what, for every request, also for those that a cache can answer. What it denies never leaves
   * the server; where it fails, it has denied. With it, only the browser of who asked keeps an answer, unless the result
   * or the tier says `shared`. @defaultValue everybody may see everything
   */
  readonly authorize?: Authorize<User>
  /** Tells who asks, once for each request: by the application's session, a header, an address. @defaultValue nobody */
  readonly authenticate?: Authenticate<User>
  /**
   * For how long `authorize`, `authenticate` and functions that tell what covers images are waited for, each, in
   * milliseconds. @defaultValue 5,000
   */
  readonly authorizeTimeoutMs?: number
  /**
   * Tiers, from the one in which least is seen to the one in which most is. The last one is what an identifier names; the
   * others have identifiers of their own, `id;tier=name`. Needs `authorize`. @defaultValue none
   */
  readonly tiers?: Readonly<Record<string, TierOptions<Encode, Overlay>>>
  /** How viewers lead users to a login. Needs `authorize`. @defaultValue they do not */
  readonly flow?: FlowOptions<User>
  /**
   * Which images are made: only those with a signature, only the tiles and sizes of info.json; of images that are shown
   * smaller, only of those at a power of two, or at the scale that `authorize` grants. @defaultValue all
   */
  readonly serveOnly?: ServeOnly
  /** The secret of signed URLs, or several of which all verify; see `signRequest`. @defaultValue none */
  readonly urlKeys?: Keys
}

/** {@link AccessOptions}, checked and complete; `Encode` and `Overlay` are what the options of a tier were resolved to. */
export interface Access<User = unknown, Encode = unknown, Overlay = unknown> extends Identification<User> {
  /** Decides who may see what. */
  readonly authorize: Authorize<User> | undefined
  /** The tiers. */
  readonly tiers: Tiers<Encode, Overlay>
  /** Reads and writes the identifiers of tiers and scales. */
  readonly codec: VariantCodec
  /** Which images are made. */
  readonly serveOnly: ServeOnly | undefined
  /** Verifies signed URLs; `undefined` without keys. */
  readonly verifySignature: VerifySignature | undefined
}

/** What access is resolved against. */
export interface AccessBase<Encode, Overlay> extends TierBase<Encode, Overlay> {
  /** Reads the pages and scales that identifiers name; `false` where they name none. @defaultValue `;page;n:d` */
  readonly meta?: MetaIdentifierCodec | false
}

/** Checks what a service is told about access. @throws TypeError that names the option. */
export function resolveAccess<User = unknown, Encode = unknown, Overlay = unknown>(
  options: AccessOptions<User>,
  base: AccessBase<Encode, Overlay> = {},
): Access<User, Encode, Overlay> {
  const { authorize, authenticate, authorizeTimeoutMs = 5_000, tiers, flow, serveOnly, urlKeys } = options
  requireFunction('authorize', authorize)
  requireFunction('authenticate', authenticate)
  if (!(Number.isSafeInteger(authorizeTimeoutMs) && authorizeTimeoutMs > 0)) {
    throw new TypeError(
      `authorizeTimeoutMs: expected whole milliseconds above 0 but received ${authorizeTimeoutMs}`,
    )
  }
  // Whoever declares what some may not see, and nobody to ask, has forgotten something.
  for (const [name, value] of Object.entries({ tiers, flow })) {
    if (value !== undefined && authorize === undefined)
      throw new TypeError(`${name}: expected authorize beside it`)
  }
  requireServeOnly(serveOnly, urlKeys)
  const resolved = resolveTiers(tiers, base)
  const { meta = createMetaIdentifierCodec() } = base
  return Object.freeze({
    authorize,
    authenticate,
    timeoutMs: authorizeTimeoutMs,
    tiers: resolved,
    codec: createVariantCodec(resolved.names, meta || undefined),
    flow: flow && resolveFlow(flow),
    serveOnly,
    verifySignature:
      urlKeys === undefined ? undefined : createSignatureVerifier(urlKeys, { name: 'urlKeys' }),
  })
}

function requireFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw new TypeError(`${name}: expected a function but received ${typeof value}`)
}

function requireServeOnly(serveOnly: unknown, urlKeys: Keys | undefined): void {
  if (serveOnly === undefined) return
  if (!(serveOnlyModes as readonly unknown[]).includes(serveOnly)) {
    throw new TypeError(
      `serveOnly: expected one of ${serveOnlyModes.join(', ')} but received ${String(serveOnly)}`,
    )
  }
  if (serveOnly !== 'grid' && urlKeys === undefined)
    throw new TypeError('serveOnly: expected urlKeys beside it')
}
