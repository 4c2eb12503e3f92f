/* From flags, variables and the configuration file to what the server is told: a flag goes before a variable, a variable
   before the file, the file before the default. All that is wrong is told at once. */
import { basename, dirname } from 'node:path'
import type { ServerConfig } from './config.js'
import { type ConfigFile, loadConfig } from './load-config.js'
import { maskSecrets } from './mask.js'
import { formatFlag, formatVariable, type OptionRow, variablePrefix } from './options/option.js'
import { allOptions, type NamedOption, type OptionName, type ServerSettings } from './options/table.js'
import { OptionsError } from './options-error.js'

/** What was given. */
export interface Given {
  /** The texts of flags, by the names of options; `false` for `--no-…`, `true` for a switch. */
  readonly flags: Readonly<Record<string, string>>
  /** The variables of the environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The working directory. */
  readonly folder: string
}

/** What the server is told. */
export interface Resolution {
  /** The options. */
  readonly settings: ServerSettings
  /** Where each value comes from; nothing where it is the default. */
  readonly origins: ReadonlyMap<OptionName, string>
  /** What the configuration file gives beside the options. */
  readonly config: Pick<ServerConfig, 'service' | 'tls' | 'nameUser'>
  /** The configuration file. */
  readonly configPath?: string
  /** What is not wrong, and yet not as it was meant. */
  readonly warnings: readonly string[]
}

/* What the configuration file gives beside the options, and what it may be: an `authorize` in what is no `service` would
   leave open what its author believes to be closed. */
const otherKeys = {
  service: { types: ['object', 'function'], expected: 'options, or a function that gives them' },
  tls: { types: ['object'], expected: 'certificates' },
  nameUser: { types: ['function'], expected: 'a function' },
} as const satisfies Readonly<
  Record<string, { readonly types: readonly string[]; readonly expected: string }>
>

/**
 * Resolves the options.
 *
 * @param generation - another number has the configuration file read anew
 * @throws {@link OptionsError} with a line for each that is wrong.
 */
export async function resolveOptions(given: Given, generation = 0): Promise<Resolution> {
  const problems: string[] = []
  const readText = (option: NamedOption): Found | undefined => findText(option, given, problems)
  const configRow = allOptions.filter(({ name }) => name === 'config')
  const [place] = configRow.map(readText)
  if (problems.length > 0) throw new OptionsError(problems)
  const file = await loadConfig(place?.value as string | false | undefined, given.folder, generation)
  problems.push(...listUnknownKeys(file), ...listWrongKeys(file))
  const values: Record<string, unknown> = {}
  const origins = new Map<OptionName, string>()
  for (const option of allOptions) {
    const found = readText(option) ?? findInFile(option, file, problems)
    if (found) origins.set(option.name, found.origin)
    const value = found ? found.value : option.default
    if (value !== undefined) values[option.name] = value
  }
  if (problems.length > 0) throw new OptionsError(problems)
  const { service, tls, nameUser } = file?.config ?? {}
  return {
    settings: values as unknown as ServerSettings,
    origins,
    config: { ...(service && { service }), ...(tls && { tls }), ...(nameUser && { nameUser }) },
    ...(file && { configPath: file.path }),
    warnings: listUnknownVariables(given.environment),
  }
}

interface Found {
  readonly value: unknown
  readonly origin: string
}

function findText(option: NamedOption, given: Given, problems: string[]): Found | undefined {
  const { name } = option
  const variable = formatVariable(name)
  const fromEnvironment = isFromCluster(variable, given.environment[variable])
    ? undefined
    : given.environment[variable]
  const flag = given.flags[name]
  // An empty variable is how Compose and others say that there is none.
  const text = flag ?? (fromEnvironment || undefined)
  if (text === undefined) return undefined
  const origin = flag === undefined ? variable : `--${formatFlag(name)}`
  const value = parseText(option, text)
  if (value === undefined) problems.push(refuse(origin, option, JSON.stringify(maskSecrets(text))))
  else return { value: option.type.place?.(value, given.folder) ?? value, origin }
  return undefined
}

function parseText({ type }: OptionRow, text: string): unknown {
  return type.canBeOff && /^(?:false|no|off)$/i.test(text) ? false : type.parse(text)
}

function findInFile(
  option: NamedOption,
  file: ConfigFile | undefined,
  problems: string[],
): Found | undefined {
  const { name, type } = option
  const value = name === 'config' ? undefined : file?.config[name]
  if (file === undefined || value === undefined) return undefined
  const origin = basename(file.path)
  if (type.accepts(value)) return { value: type.place?.(value, dirname(file.path)) ?? value, origin }
  const received = typeof value === 'string' ? JSON.stringify(maskSecrets(value)) : typeof value
  problems.push(refuse(`${origin}: ${name}`, option, typeof value === 'number' ? String(value) : received))
  return undefined
}

function refuse(origin: string, { type }: OptionRow, received: string): string {
  return `${origin}: expected ${type.expected} but received ${received}`
}

function listUnknownKeys(file: ConfigFile | undefined): string[] {
  const known = new Set<string>([...Object.keys(otherKeys), ...allOptions.map(({ name }) => name)])
  known.delete('config')
  const unknown = Object.keys(file?.config ?? {}).filter(key => !known.has(key))
  return unknown.map(key => `${basename(file?.path ?? '')}: ${key}: there is no such option`)
}

function listWrongKeys(file: ConfigFile | undefined): string[] {
  const isWrong = (value: unknown, types: readonly string[]): boolean =>
    value !== undefined && (value === null || !types.includes(typeof value))
  return (['service', 'tls', 'nameUser'] as const)
    .filter(key => isWrong(file?.config[key], otherKeys[key].types))
    .map(key => `${basename(file?.path ?? '')}: ${key}: expected ${otherKeys[key].expected}`)
}

function listUnknownVariables(environment: Given['environment']): string[] {
  const known = new Set(allOptions.map(({ name }) => formatVariable(name)))
  return Object.entries(environment)
    .filter(
      ([name, value]) => name.startsWith(variablePrefix) && !known.has(name) && !isFromCluster(name, value),
    )
    .map(([name]) => `${name}: there is no such option`)
}

/* Kubernetes tells each container of each service by variables; one that is called honeydew has HONEYDEW_PORT among them. */
function isFromCluster(name: string, value: string | undefined): boolean {
  if (/^HONEYDEW_(?:SERVICE_|PORT_\d)/.test(name)) return true
  return name === 'HONEYDEW_PORT' && /^(?:tcp|udp|sctp):\/\//.test(value ?? '')
}
