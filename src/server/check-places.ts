/* Options that do not go together, and places that are not there: told before anything is started. */
import { constants } from 'node:fs'
import { access, mkdir, readdir, stat } from 'node:fs/promises'
import type { OptionName, ServerSettings } from './options/table.js'
import { OptionsError } from './options-error.js'
import type { Resolution } from './resolve.js'

/**
 * Checks what no option can tell alone.
 *
 * @throws {@link OptionsError} with a line for each that is wrong.
 */
export async function checkTogether({ settings, config }: Resolution): Promise<void> {
  const { folder } = settings
  const places = await Promise.all([
    folder === undefined ? undefined : checkFolder(folder),
    ...secretFiles.map(name => checkFile(name, settings[name])),
    ...ownFolders.map(name => makeFolder(name, settings[name])),
  ])
  const problems = [...listConflicts(settings, config), ...places.filter(place => place !== undefined)]
  if (problems.length > 0) throw new OptionsError(problems)
}

const secretFiles = [
  'tlsCert',
  'tlsKey',
  'tlsPfx',
  'tlsPassphraseFile',
  's3SecretFile',
  'operationsTokenFile',
] as const satisfies readonly OptionName[]

/* Folders that are made where they are not there. */
const ownFolders = ['cacheFolder', 'tempFolder'] as const satisfies readonly OptionName[]

/* Options of which only one can be told. */
const alternatives: readonly (readonly OptionName[])[] = [
  ['cacheFolder', 'cacheRedis', 'cacheS3Bucket'],
  ['tlsCert', 'tlsPfx'],
]

/* Options that mean nothing without another. */
const needs: readonly (readonly [name: OptionName, ...needed: OptionName[]])[] = [
  ['tlsCert', 'tlsKey'],
  ['tlsKey', 'tlsCert'],
  ['tlsPassphraseFile', 'tlsKey', 'tlsPfx'],
  ['s3SecretFile', 's3AccessKey'],
]

function listConflicts(settings: ServerSettings, config: Resolution['config']): string[] {
  const isGiven = (name: OptionName): boolean => settings[name] !== undefined
  const { s3AccessKey, httpSource, folder, s3Bucket } = settings
  const problems = [
    ...alternatives
      .map(names => names.filter(isGiven))
      .filter(names => names.length > 1)
      .map(names => `${names[0]}: expected nothing of ${names.slice(1).join(', ')} beside it`),
    ...needs
      .filter(([name, ...needed]) => isGiven(name) && !needed.some(isGiven))
      .map(([name, ...needed]) => `${name}: expected ${needed.join(' or ')} beside it`),
  ]
  if (s3AccessKey !== undefined && s3AccessKey !== 'anonymous' && !isGiven('s3SecretFile'))
    problems.push('s3AccessKey: expected s3SecretFile beside it')
  if (config.tls && (isGiven('tlsCert') || isGiven('tlsPfx')))
    problems.push('tls: expected neither tlsCert nor tlsPfx beside it')
  const isSecure = config.tls !== undefined || isGiven('tlsCert') || isGiven('tlsPfx')
  if (settings.h2c && isSecure) problems.push('h2c: expected no TLS beside it; there HTTP/2 is on by http2')
  if (folder === undefined && httpSource === undefined && s3Bucket === undefined && !config.service)
    problems.push('There is nothing to serve: name a folder, as in "honeydew serve ./images"')
  if (settings.operationsTokenFile === undefined && accessNames.some(name => settings[name] === 'token'))
    problems.push('operationsTokenFile: expected a file, because access is by token')
  return problems
}

const accessNames = ['healthAccess', 'metricsAccess', 'statusAccess', 'tasksAccess'] as const

async function checkFolder(folder: string): Promise<string | undefined> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => error)
  if (found instanceof Error)
    return found.code === 'ENOENT'
      ? `There is no folder "${folder}"`
      : `The folder "${folder}" cannot be read`
  if (!found.isDirectory()) return `"${folder}" is no folder`
  return readdir(folder).then(
    () => undefined,
    () => `The folder "${folder}" cannot be read`,
  )
}

async function makeFolder(name: OptionName, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    await mkdir(path, { recursive: true })
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return undefined
  } catch {
    return `${name}: "${path}" cannot be made, or not be written to`
  }
}

async function checkFile(name: OptionName, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  return access(path, constants.R_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) =>
      `${name}: ${error.code === 'ENOENT' ? `there is no file "${path}"` : `"${path}" cannot be read`}`,
  )
}
