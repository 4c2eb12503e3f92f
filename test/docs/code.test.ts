// The code on the pages and in the README, held against the types of the built package.
import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const pages = ['README.md', ...readdirSync(join(root, 'src/docs')).map(name => `src/docs/${name}`)]
const programs = pages.flatMap(page =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/```[jt]s\n(.*?)```/gs)].map(
    ([, program = ''], index) => ({
      name: `${page.replaceAll(/\W/g, '-')}-${index}.mts`,
      program,
    }),
  ),
)

/** The examples in the comments of access are parts of programs: what they take for granted comes before them. */
const access = join(root, 'src/access')
const given = `import { allow, type Authorize, deny, grant, type LoginFunction, redirect, signRequest } from 'honeydew/access'
interface Reader { readonly id: string }
declare const secret: string
declare function readSso(cookie: string): Reader
`
for (const name of readdirSync(access)) {
  const text = readFileSync(join(access, name), 'utf8')
  for (const [index, [, example = '']] of [
    ...text.matchAll(/@example\n \* ```ts\n(.*?) \* ```/gs),
  ].entries()) {
    const program = given + example.replaceAll(/^ \* ?/gm, '')
    programs.push({ name: `access-${name.replaceAll(/\W/g, '-')}-${index}.mts`, program })
  }
}

it('compiles', { timeout: 120_000 }, async () => {
  expect(programs.length).toBeGreaterThan(10)
  expect(programs.filter(({ program }) => program.startsWith(given)).length).toBeGreaterThan(2)
  const folder = mkdtempSync(join(tmpdir(), 'honeydew-code-'))
  try {
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(root, join(folder, 'node_modules/honeydew'), 'junction')
    for (const { name, program } of programs) writeFileSync(join(folder, name), program)
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2023',
      '--module',
      'nodenext',
      '--lib',
      'es2023,esnext.disposable',
    ]
    const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']
    const names = programs.map(({ name }) => name)
    const told = await promisify(execFile)(process.execPath, [compiler, ...options, ...types, ...names], {
      cwd: folder,
    })
      .then(({ stdout }) => stdout)
      .catch((error: unknown) => String(Object(error).stdout))
    expect(told).toBe('')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
