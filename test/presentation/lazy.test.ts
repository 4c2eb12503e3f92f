import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('iiif-builder is loaded by one file, when the first document is built', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  const found = files.flatMap(name =>
    [...readFileSync(join('src', name), 'utf8').matchAll(/^.*['"]iiif-builder['"].*$/gm)].map(([line]) => [
      name,
      line.trim(),
    ]),
  )
  expect(found).toEqual([
    ['presentation/version-3.ts', "const { IIIFBuilder } = await import('iiif-builder')"],
  ])
})
