// The page on moving from Cantaloupe: every option and flag of its tables is one that the code has.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'src/docs/from-cantaloupe.md'), 'utf8')
const tables = page.matchAll(/^\| Key \| Option \| Flag \| \|\n\|[-|]+\|\n((?:\|.*\n)+)/gm)
const rows = [...tables].flatMap(([, body = '']) => body.trim().split('\n').map(readCells))
const keys = rows.flatMap(([cell]) => listNames(cell))
const options = [...new Set(rows.flatMap(([, cell]) => listNames(cell)))]
const flags = [...new Set(rows.flatMap(([, , cell]) => listNames(cell)))]

function readCells(line: string): string[] {
  return line.split('|').slice(1, -1)
}

function listNames(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, name]) => name ?? [])
}

it('has rows, and tells of each key once', () => {
  expect(keys.length).toBeGreaterThan(200)
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([])
})

/** What an option is a property of: of what a function takes, of a service, or of the options of a service. */
const program = `import * as main from 'honeydew'
import * as s3 from 'honeydew/s3'
type Functions = typeof main & typeof s3
type Names<T> = T extends object ? keyof T : never
type Of<T, K extends Names<T>> = T extends object ? (K extends keyof T ? T[K] : never) : never
type In<K extends keyof Functions> = Functions[K] extends (options: infer T, ...rest: never[]) => unknown ? T : never
type Service = main.ImageService
type Options = main.ImageServiceOptions
declare const functions: Functions
export const found: unknown = functions
`
const functions = ['fileSource', 'httpSource', 's3Source', 'customSource', 'blockCache', 'tieredCache']
const caches = ['memoryCache', 'fileCache', 'redisCache', 's3Cache']

function writeType(option: string): string {
  const [first = '', ...names] = option.replace('()', '').split('.')
  const isFunction = [...functions, ...caches].includes(first)
  const start = isFunction ? `In<'${first}'>` : first === 'service' ? 'Service' : 'Options'
  const path = isFunction || first === 'service' ? names : [first, ...names]
  return path.reduce((type, name) => `Of<${type}, ${/^\d+$/.test(name) ? name : `'${name}'`}>`, start)
}

it('names options that there are, and a name that there is not would be noticed', {
  timeout: 120_000,
}, async () => {
  expect(options.length).toBeGreaterThan(60)
  const wrong = [
    'limits.maxAria',
    'httpSource.timeout',
    'overlay.color',
    'tiers.public.size',
    'service.purged()',
  ]
  const lines = [...options, ...wrong].map((option, at) => `export type O${at} = ${writeType(option)}`)
  const told = await compile(`${program}${lines.join('\n')}\n`)
  const first = program.split('\n').length
  const failed = [...told.matchAll(/\((\d+),\d+\): error/g)].map(([, line]) => Number(line) - first)
  expect(failed.map(at => [...options, ...wrong][at])).toEqual(wrong)
})

async function compile(text: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'honeydew-options-'))
  try {
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules/honeydew'), 'junction')
    writeFileSync(join(folder, 'options.mts'), text)
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']
    const words = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext']
    const run = promisify(execFile)(process.execPath, [compiler, ...words, ...types, 'options.mts'], {
      cwd: folder,
    })
    return await run.then(({ stdout }) => stdout).catch((error: unknown) => String(Object(error).stdout))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const table = join(root, 'src/server/options/table.ts')

it.skipIf(!existsSync(table))('names flags that the server has', async () => {
  const { allOptions } = await import(table)
  const names = new Set<string>(allOptions.map(({ name }: { readonly name: string }) => formatFlag(name)))
  const isKnown = (flag: string) => names.has(flag) || names.has(flag.replace(/^--no-/, '--'))
  expect(flags.length).toBeGreaterThan(30)
  expect(flags.filter(flag => !isKnown(flag))).toEqual([])
})

function formatFlag(name: string): string {
  return `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}
