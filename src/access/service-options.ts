/* The ways to get access (Authorization Flow API 2.0 section 3): what the application says of each, checked once. */
import { type LanguageMap, type LanguageText, resolveText } from '../protocol/language.js'
import type { Login, LoginFunction } from './login.js'
import { isLocation } from './result.js'

/** How users get what lets them see images (Authorization Flow API 2.0 section 3.3). */
export type Profile = 'active' | 'kiosk' | 'external'

/** One way to get what lets users see images. */
export interface AccessServiceOptions<User = unknown> {
  /**
   * `active`: the user does something in a window, such as logging in or agreeing to terms; `kiosk`: the window does it by
   * itself; `external`: there is no window, because users are known by their address or have logged in elsewhere.
   */
  readonly profile: Profile
  /** The name of the service in its URI; letters, digits, `_` and `-`. @defaultValue its profile */
  readonly name?: string
  /**
   * The window: the URI of a page of the application, which closes itself, or a function that tells who is there, for
   * whom honeydew sets a cookie then. For `active` and `kiosk`.
   */
  readonly login?: string | LoginFunction<User>
  /** Whether the user must agree to `note` first, in a page of honeydew's; `active` with a function. @defaultValue false */
  readonly confirm?: boolean
  /** The name of the service; it must tell the institution. */
  readonly label: LanguageText
  /** The heading of what viewers show before they open the window. */
  readonly heading?: LanguageText
  /** The text below the heading. */
  readonly note?: LanguageText
  /** What the button says that opens the window. */
  readonly confirmLabel?: LanguageText
  /** The heading of what viewers show where no token was given. */
  readonly errorHeading?: LanguageText
  /** The text below that heading. */
  readonly errorNote?: LanguageText
  /**
   * How users log out: by a page of the application, `uri`, or, without one, by honeydew, which deletes its own cookie.
   * The label must tell the institution.
   */
  readonly logout?: { readonly uri?: string; readonly label: LanguageText }
}

/** {@link AccessServiceOptions}, checked and complete. */
export interface AccessService<User = unknown> extends Texts {
  /** The interaction pattern. */
  readonly profile: Profile
  /** The name of the service in its URI. */
  readonly name: string
  /** The window; `undefined` for `external`. */
  readonly login: Login<User> | undefined
  /** How users log out. */
  readonly logout?: { readonly uri?: string; readonly label: LanguageMap }
}

/** What viewers show. */
export interface Texts {
  /** The name of the service. */
  readonly label: LanguageMap
  /** The heading before the window is opened. */
  readonly heading?: LanguageMap
  /** The text below the heading. */
  readonly note?: LanguageMap
  /** What the button says. */
  readonly confirmLabel?: LanguageMap
  /** The heading where no token was given. */
  readonly errorHeading?: LanguageMap
  /** The text below that heading. */
  readonly errorNote?: LanguageMap
}

/** Checks the ways to get access. @throws TypeError that names the option. */
export function resolveServices<User>(
  services: readonly AccessServiceOptions<User>[],
): readonly AccessService<User>[] {
  // 2.0 section 5.1: the probe has "one or more access services".
  if (!Array.isArray(services) || services.length === 0) {
    throw new TypeError('flow.services: expected at least one way to get access')
  }
  const resolved = services.map((service: AccessServiceOptions<User>, index) =>
    resolveService(service, `flow.services[${index}]`),
  )
  const names = resolved.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return resolved
  throw new TypeError(`flow.services: two are called "${twice}"; give them names of their own`)
}

function resolveService<User>(options: AccessServiceOptions<User>, path: string): AccessService<User> {
  const {
    profile,
    name = profile,
    logout,
    label,
    heading,
    note,
    confirmLabel,
    errorHeading,
    errorNote,
  } = options
  if (profile !== 'active' && profile !== 'kiosk' && profile !== 'external') {
    throw new TypeError(`${path}.profile: expected active, kiosk or external but received ${String(profile)}`)
  }
  if (!/^[\w-]{1,64}$/.test(name)) throw new TypeError(`${path}.name: expected letters, digits, _ and -`)
  return {
    profile,
    name,
    login: resolveLogin(options, path),
    ...(logout !== undefined && {
      logout: {
        ...(logout.uri !== undefined && { uri: requireUri(`${path}.logout.uri`, logout.uri) }),
        label: resolveText(logout.label, `${path}.logout.label`),
      },
    }),
    label: resolveText(label, `${path}.label`),
    ...resolveTexts(path, { heading, note, confirmLabel, errorHeading, errorNote }),
  }
}

function resolveLogin<User>(options: AccessServiceOptions<User>, path: string): Login<User> | undefined {
  const { profile, login, confirm = false } = options
  if (profile === 'external') {
    if (login === undefined) return undefined
    throw new TypeError(`${path}.login: expected none, because no window is opened for external`)
  }
  if (confirm && (profile !== 'active' || typeof login !== 'function')) {
    throw new TypeError(`${path}.confirm: expected active, and a function as its login`)
  }
  if (typeof login === 'function') return { kind: 'function', run: login, confirm }
  if (typeof login === 'string') return { kind: 'page', uri: requireUri(`${path}.login`, login) }
  throw new TypeError(`${path}.login: expected the URI of a page, or a function`)
}

function requireUri(name: string, uri: string): string {
  if (isLocation(uri) && !uri.startsWith('/')) return uri
  throw new TypeError(`${name}: expected an http or https URI but received ${String(uri)}`)
}

/** Texts of the application by their names. */
export type GivenTexts<Name extends string> = Readonly<Record<Name, LanguageText | undefined>>

/** Checks texts and leaves out those that are not given. @throws TypeError that names the option. */
export function resolveTexts<Name extends string>(
  path: string,
  texts: GivenTexts<Name>,
): Partial<Readonly<Record<Name, LanguageMap>>> {
  const given = Object.entries<LanguageText | undefined>(texts).filter(([, text]) => text !== undefined)
  // 2.0 sections 4.1 and 5.1: "If present, errorHeading MUST also be present."
  if (given.some(([name]) => name === 'errorNote') && !given.some(([name]) => name === 'errorHeading')) {
    throw new TypeError(
      `${path}.errorNote: expected errorHeading beside it, as the Authorization Flow API demands`,
    )
  }
  const entries = given.map(([name, text]) => [name, resolveText(text ?? '', `${path}.${name}`)])
  return Object.fromEntries(entries)
}
