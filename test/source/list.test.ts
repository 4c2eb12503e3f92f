import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fileSource } from '../../src/source/file.js'
import { type ListImagesOptions, listImages } from '../../src/source/list.js'

let folder = ''
let root = ''

const list = async (options?: ListImagesOptions, start = root): Promise<string[]> => {
  const names: string[] = []
  for await (const name of listImages(start, options)) names.push(name)
  return names
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydew-list-'))
  root = join(folder, 'root')
  const files = [
    'b.jpg',
    'a.TIFF',
    'Z.png',
    'drawing.svg',
    'notes.txt',
    'plain',
    '.hidden.jpg',
    '.folder/x.jpg',
    'maps/2.webp',
    'maps/10.gif',
    'maps/deep/er/x.avif',
    'ähre/ü 50%.jpg',
    'back\\slash.jpg',
    'a.d/inside.jpg',
    'folder.jpg/real.jpg',
    'order/\uff21.jpg',
    'order/🗺.jpg',
  ]
  for (const file of files) {
    await mkdir(join(root, file, '..'), { recursive: true })
    await writeFile(join(root, file), file)
  }
  await writeFile(join(folder, 'outside.jpg'), 'outside')
  await symlink('b.jpg', join(root, 'link-in.jpg'))
  await symlink('../outside.jpg', join(root, 'link-out.jpg'))
  await symlink('maps', join(root, 'link-folder'))
  await symlink('maps', join(root, 'link-folder.jpg'))
  await symlink('..', join(root, 'maps', 'loop'))
  await symlink('nowhere', join(root, 'dangling.jpg'))
  execFileSync('mkfifo', [join(root, 'fifo.jpg')])
  await writeFile(Buffer.concat([Buffer.from(`${root}/latin-`), Buffer.of(0xe9), Buffer.from('.jpg')]), '')
})

afterAll(() => rm(folder, { recursive: true }))

describe('the images below a folder', () => {
  it('are its files by name, then those of its folders; what cannot be served is left out', async () => {
    expect(await list()).toEqual([
      'Z.png',
      'a.TIFF',
      'b.jpg',
      'link-in.jpg',
      'a.d/inside.jpg',
      'folder.jpg/real.jpg',
      'maps/10.gif',
      'maps/2.webp',
      'maps/deep/er/x.avif',
      'order/🗺.jpg',
      'order/\uff21.jpg',
      'ähre/ü 50%.jpg',
    ])
  })

  it('all resolve with a file source of the same root', async () => {
    const resolve = fileSource(root)
    for (const identifier of await list()) expect((await resolve(identifier, {}))?.size).toBeGreaterThan(0)
  })

  it('end at a depth', async () => {
    expect(await list({ maxDepth: 1 })).toEqual(['Z.png', 'a.TIFF', 'b.jpg', 'link-in.jpg'])
    expect(await list({ maxDepth: 3 })).not.toContain('maps/deep/er/x.avif')
    expect(await list({ maxDepth: 4 })).toContain('maps/deep/er/x.avif')
  })

  it('have the extensions that are asked for', async () => {
    expect(await list({ extensions: ['svg', 'webp'] })).toEqual(['drawing.svg', 'maps/2.webp'])
  })

  it('are found through a root that is a link', async () => {
    await symlink('root', join(folder, 'current'))
    expect(await list({}, join(folder, 'current'))).toEqual(await list())
  })

  it('stop when the signal says so, or the reader leaves', async () => {
    const reader = new AbortController()
    const seen: string[] = []
    const read = async (): Promise<void> => {
      for await (const name of listImages(root, { signal: reader.signal })) {
        seen.push(name)
        reader.abort()
      }
    }
    await expect(read()).rejects.toMatchObject({ code: 'aborted' })
    expect(seen).toEqual(['Z.png'])
  })

  it.each([
    ['that is missing', () => join(folder, 'missing')],
    ['that is a file', () => join(root, 'b.jpg')],
  ])('of a root %s are an error without its path', async (_, start) => {
    const error: unknown = await list({}, start()).catch((error: unknown) => error)
    expect(error).toMatchObject({ status: 500, code: 'source-unreadable' })
    expect(String(error)).not.toContain(folder)
  })

  it.each([
    ['maxDepth', { maxDepth: 0 }],
    ['maxDepth', { maxDepth: 1.5 }],
    ['extensions', { extensions: 'jpg' } as unknown as ListImagesOptions],
  ])('a wrong %s is told by its name', (option, options) => {
    expect(() => listImages(root, options)).toThrow(new RegExp(`^${option}: expected `))
  })
})
