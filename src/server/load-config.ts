/* The configuration file: found, loaded, and held to be one. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { ServerConfig } from './config.js'
import { OptionsError } from './options-error.js'

/** A configuration file that was loaded. */
export interface ConfigFile {
  /** Where it is. */
  readonly path: string
  /** What it gives. */
  readonly config: ServerConfig
}

const names = ['js', 'mjs', 'ts', 'mts'].map(extension => `honeydew.config.${extension}`)

/**
 * Loads a configuration file.
 *
 * @param place - its path; `false` for none, `undefined` for the one in the folder, if there is one
 * @param generation - another number has the file read anew that was read before; what it imports itself is not
 * @throws {@link OptionsError} where it cannot be loaded, or gives no configuration.
 */
export async function loadConfig(
  place: string | false | undefined,
  folder: string,
  generation = 0,
): Promise<ConfigFile | undefined> {
  const path = findConfig(place, folder)
  if (path === undefined) return undefined
  const url = pathToFileURL(path)
  if (generation > 0) url.searchParams.set('generation', String(generation))
  const config = await importConfig(url, path)
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new OptionsError([`${basename(path)}: expected a configuration as its default export`])
  }
  return { path, config }
}

function findConfig(place: string | false | undefined, folder: string): string | undefined {
  if (place === false) return undefined
  if (place === undefined) return names.map(name => join(folder, name)).find(existsSync)
  const path = resolve(folder, place)
  if (existsSync(path)) return path
  throw new OptionsError([`config: there is no file "${place}"`])
}

async function importConfig(url: URL, path: string): Promise<unknown> {
  const name = basename(path)
  try {
    const loaded: { readonly default?: unknown } = await import(url.href)
    return loaded.default
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw new OptionsError([`${name}: this Node reads no TypeScript; expected JavaScript, or Node 22.18`])
    const place = error instanceof SyntaxError ? await findPlace(path) : ''
    throw new OptionsError([`${name} cannot be loaded: ${describe(error)}${place}`])
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/* An error of syntax knows its place and does not tell it; Node does, to who has it look at nothing else. */
async function findPlace(path: string): Promise<string> {
  const told = await promisify(execFile)(process.execPath, ['--check', path]).then(
    () => '',
    (error: { readonly stderr?: string }) => error.stderr ?? '',
  )
  const [, line] = /^(?:file:)?\S.*:(\d+)$/m.exec(told) ?? []
  return line === undefined ? '' : ` (line ${line})`
}
