// protocol/ runs wherever JavaScript runs: its sources are read for what they name, then run where nothing else is.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../src/', import.meta.url))
const protocolFiles = readdirSync(`${root}protocol`).map(name => `${root}protocol/${name}`)
const pureFiles = [...protocolFiles, `${root}errors.ts`]

const hostNames = new Set([
  ...['Buffer', 'process', 'global', 'globalThis', 'window', 'require', 'module', '__dirname'],
  ...['console', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'performance'],
  ...['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'crypto', 'Date', 'eval', 'Function'],
])

function listNames(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ESNext)
  const names: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return names
}

describe.each(pureFiles)('%s', file => {
  it('imports only from its own floor', () => {
    const imports = ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles
    for (const { fileName } of imports) {
      const target = resolve(dirname(file), fileName.replace(/\.js$/, '.ts'))
      expect(fileName).toMatch(/^\.\.?\/.*\.js$/)
      expect(pureFiles).toContain(target)
    }
  })

  it('names nothing that only a host has', () => {
    expect(listNames(file).filter(name => hostNames.has(name))).toEqual([])
  })
})

/** Runs compiled sources in a world of their own: the language, nothing of Node, and no module but pure ones. */
function loadPure(entry: string): { exports: Record<string, unknown>; run: (code: string) => unknown } {
  const context = createContext({})
  const loaded = new Map<string, Record<string, unknown>>()
  const load = (file: string): Record<string, unknown> => {
    const known = loaded.get(file)
    if (known) return known
    if (!pureFiles.includes(file)) throw new Error(`${file} is not part of protocol/`)
    const exports = {}
    loaded.set(file, exports)
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
    })
    const wrapped = runInContext(`(function (exports, require) {${outputText}\n})`, context, {
      filename: basename(file),
    })
    wrapped(exports, (specifier: string) => load(resolve(dirname(file), specifier.replace(/\.js$/, '.ts'))))
    return exports
  }
  const exports = load(entry)
  return { exports, run: code => runInContext(`(honeydew => ${code})`, context)(exports) }
}

describe('protocol/ in a world without Node', () => {
  const pure = loadPure(`${root}protocol/index.ts`)

  it('finds no host there', () => {
    expect(pure.run('[typeof process, typeof Buffer, typeof require, typeof URL, typeof fetch]')).toEqual(
      Array(5).fill('undefined'),
    )
    expect(() => loadPure(fileURLToPath(import.meta.url))).toThrow('is not part of protocol/')
  })

  it('parses, resolves and writes a request', () => {
    const code = `{
      const request = honeydew.parseRequest('/iiif/3/b%C3%A4r%2F1/pct:25,25,50,50/!100,100/!22.50/color.png')
      const image = { width: 600, height: 400, isGray: false }
      const limits = honeydew.resolveLimits()
      const resolved = honeydew.resolveRequest(request, image, limits)
      const canonical = honeydew.formatCanonical(resolved, { version: 3, image, limits })
      return request.identifier + ' ' + honeydew.formatRequest(request) + ' ' + canonical
    }`
    expect(pure.run(`(() => ${code})()`)).toBe(
      'bär/1 /iiif/3/b%C3%A4r%2F1/pct:25,25,50,50/!100,100/!22.5/color.png 150,100,300,200/100,67/!22.5/default.png',
    )
  })

  it('refuses there what it refuses here', () => {
    const code = `(() => {
      try { honeydew.parseRequest('/iiif/3/%zz/info.json') } catch (error) { return error.status + ' ' + error.code }
    })()`
    expect(pure.run(code)).toBe('400 invalid-path')
  })

  it('builds an info.json', () => {
    const code = `JSON.stringify(honeydew.buildInfo(3, 'x', { width: 6, height: 4, isGray: true },
      { limits: honeydew.resolveLimits(), formats: ['jpg'], qualities: ['default'] }).sizes)`
    expect(pure.run(code)).toBe('[{"width":6,"height":4}]')
  })
})
