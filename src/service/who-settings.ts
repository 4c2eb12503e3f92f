/* The settings of a service that make its answers depend on more than their URL and the image: who asks, and what covers
   images. */
import { type Access, resolveAccess } from '../access/access.js'
import {
  type EncodeOptions,
  type ResolvedEncodeOptions,
  resolveEncodeOptions,
} from '../image/encode-options.js'
import { type Overlay, type OverlayOptions, resolveOverlay } from '../image/overlay.js'
import type { RedactionOptions } from '../image/redaction.js'
import type { ImageHook, ImageServiceOptions } from '../options.js'
import { createMetaIdentifierCodec, type MetaIdentifierCodec } from '../protocol/meta-identifier.js'
import type { Prefixes } from '../protocol/request.js'

/** What answers depend on beside their URL and the image. */
export interface WhoSettings {
  /** Who may see what. */
  readonly access: Access<unknown, ResolvedEncodeOptions, Overlay>
  /** What is laid over images. */
  readonly overlay: Overlay | ImageHook<unknown, OverlayOptions | undefined> | undefined
  /** What is not shown. */
  readonly redactions: ImageHook<unknown, readonly RedactionOptions[] | undefined> | undefined
  /** Whether every answer depends on nothing but its URL and the image. */
  readonly isPlain: boolean
}

/** Checks these options. @throws TypeError that names the option. */
export function resolveWho(options: ImageServiceOptions, prefixes: Prefixes): WhoSettings {
  const { overlay, redactions, limits, encode } = options
  const access = resolveAccess(options, {
    ...(limits && { limits }),
    meta: resolveMetaIdentifiers(options.metaIdentifiers),
    resolveEncode: own => resolveEncodeOptions(inherit(encode, own) as EncodeOptions),
    resolveOverlay: own => resolveOverlay(own as OverlayOptions),
  })
  requireHook('redactions', redactions)
  requireApart(access.flow?.prefix, prefixes)
  const isOpen = access.authorize === undefined && access.serveOnly === undefined
  return {
    access,
    overlay: overlay === undefined || typeof overlay === 'function' ? overlay : resolveOverlay(overlay),
    redactions,
    isPlain: isOpen && overlay === undefined && redactions === undefined,
  }
}

function resolveMetaIdentifiers(
  meta: ImageServiceOptions['metaIdentifiers'] = true,
): MetaIdentifierCodec | false {
  if (typeof meta === 'boolean') return meta && createMetaIdentifierCodec()
  return 'parse' in meta ? meta : createMetaIdentifierCodec(meta)
}

/* What a tier does not say of encoders the service has said. What is no object is left for the check to refuse. */
function inherit(base: EncodeOptions | undefined, own: unknown): unknown {
  return typeof own === 'object' && own !== null ? { ...base, ...own } : own
}

function requireHook(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw new TypeError(`${name}: expected a function but received ${String(value)}`)
}

/* The endpoints are looked for first: images below them would never be found. */
function requireApart(flow: string | undefined, prefixes: Prefixes): void {
  if (flow === undefined) return
  for (const prefix of Object.values(prefixes)) {
    if (prefix === false || !`${prefix}/`.startsWith(`${flow}/`)) continue
    throw new TypeError(`flow.prefix: expected a path that images are not below, but theirs is "${prefix}"`)
  }
}
