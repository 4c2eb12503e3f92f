// The start page as text: what is listed, what is found, what is escaped, and what it may load.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpReply } from '../../../src/contracts.js'
import { createListing, maxListed } from '../../../src/server/page/listing.js'
import { createStartPage } from '../../../src/server/page/start-page.js'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydew-page-'))
  await mkdir(join(folder, 'maps'))
  for (const name of ['a<b>&"\'.jpg', 'maps/Köln 1570.tif', 'maps/notes.txt'])
    await writeFile(join(folder, name), '')
  for (let number = 100; number < 190; number += 1) await writeFile(join(folder, `scan ${number}.png`), '')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

type Options = Parameters<typeof createStartPage>[1]

async function ask(
  url: string,
  options: Options = {},
  method = 'GET',
): Promise<(HttpReply & { text: string }) | undefined> {
  const page = createStartPage({ folder }, options)
  const reply = await page.handle({ method, url, mountPath: '', headers: {}, scheme: 'http' } as never)
  return reply && { ...reply, text: String(reply.body ?? '') }
}

const names = (text = ''): string[] =>
  [...text.matchAll(/<span class="name">(.*?)<\/span>/g)].map(([, name]) => name ?? '')

describe('the list', () => {
  it('has the images of the folder by name, sixty at a time', async () => {
    const first = await ask('/')
    expect(names(first?.text).slice(0, 2)).toEqual(['a&lt;b&gt;&amp;&quot;&#39;.jpg', 'scan 100.png'])
    expect(names(first?.text)).toHaveLength(60)
    expect(first?.text).toContain('92 images')
    expect(first?.text).toContain('<a rel="next" href="./?page=2">')
    expect(first?.text).not.toContain('rel="prev"')
    const last = await ask('/?page=2')
    expect(names(last?.text)).toHaveLength(32)
    expect(names(last?.text).at(-1)).toBe('Köln 1570.tif')
    // Beyond the last one there is the last one.
    expect((await ask('/?page=900000'))?.text).toBe(last?.text)
    for (const wrong of ['0', '-1', '1e3', 'x'])
      expect((await ask(`/?page=${wrong}`))?.text).toBe(first?.text)
  })

  it('is searched by words in names, whatever their case', async () => {
    const found = await ask('/?q=K%C3%96LN')
    expect(names(found?.text)).toEqual(['Köln 1570.tif'])
    expect(found?.text).toContain('One image with “KÖLN”')
    expect((await ask('/?q=scan'))?.text).toContain('href="./?q=scan&amp;page=2"')
    const nothing = await ask('/?q=%3Cscript%3Ealert(1)%3C/script%3E')
    expect(nothing?.text).toContain('No images')
    expect(nothing?.text).not.toContain('<script>alert')
  })

  it.each<[Options, string, string | undefined]>([
    [{}, './iiif/3/maps%2FK%C3%B6ln%201570.tif/info.json', undefined],
    [{ prefixes: { 3: false, 2: '/two' } }, './two/maps%2FK%C3%B6ln%201570.tif/info.json', undefined],
    [{ publicPrefixes: { 3: '/images' } }, './images/maps%2FK%C3%B6ln%201570.tif/info.json', undefined],
    [{ slashSubstitute: '~' }, './iiif/3/maps~K%C3%B6ln%201570.tif/info.json', undefined],
    [
      { presentation: { prefix: '/p' } },
      './iiif/3/maps%2FK%C3%B6ln%201570.tif/info.json',
      './p/3/maps%2FK%C3%B6ln%201570.tif/manifest',
    ],
  ])('leads where images are by %j', async (options, info, manifest) => {
    // The prefixes of an option that is not given are those of the service.
    const full: Options = { prefixes: { 2: '/iiif/2', 3: '/iiif/3' }, ...options }
    expect((await ask('/?q=1570', full))?.text).toContain(`href="${info}"`)
    const viewer = await ask(`/?image=${encodeURIComponent('maps/Köln 1570.tif')}`, full)
    expect(viewer?.text).toContain(`data-info="${info}"`)
    expect(viewer?.text.includes('/manifest')).toBe(manifest !== undefined)
    if (manifest) expect(viewer?.text).toContain(`href="${manifest}"`)
  })

  it('asks for an identifier where there is no folder', async () => {
    const page = createStartPage({}, {})
    const reply = await page.handle({
      method: 'GET',
      url: '/',
      mountPath: '',
      headers: {},
      scheme: 'http',
    } as never)
    expect(String(reply?.body)).toContain('The identifier of an image')
  })
})

describe('the answers', () => {
  it('may load what is theirs, and nothing from elsewhere', async () => {
    for (const url of ['/', '/?image=a.jpg', '/honeydew/style.css', '/honeydew/icon.svg']) {
      const reply = await ask(url)
      expect(reply?.headers).toMatchObject({
        'Content-Security-Policy': expect.stringMatching(/^default-src 'none'; script-src 'self'; /),
        'X-Content-Type-Options': 'nosniff',
      })
      expect(reply?.headers['Content-Security-Policy']).not.toContain('unsafe')
      expect(reply?.text.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/)
      expect(reply?.text).not.toMatch(/ (?:style|on\w+)=/)
    }
  })

  it('leave all else to others, and read only', async () => {
    for (const url of ['/iiif/3/a', '/honeydew', '/honeydew/../package.json', '//', '/index.html'])
      expect(await ask(url)).toBeUndefined()
    expect(await ask('/', {}, 'POST')).toMatchObject({ status: 405, headers: { Allow: 'GET, HEAD' } })
    expect(await ask('/', {}, 'HEAD')).toMatchObject({ status: 200, text: '' })
  })
})

describe('the listing', () => {
  it('is read once for all who ask within some seconds, and then anew', async () => {
    const own = await mkdtemp(join(folder, '.own-'))
    await writeFile(join(own, 'a.jpg'), '')
    let now = 0
    const list = createListing(own, () => now)
    const total = async (): Promise<number> => (await list('', 1)).total
    expect(await Promise.all([total(), total()])).toEqual([1, 1])
    await writeFile(join(own, 'b.jpg'), '')
    expect(await total()).toBe(1)
    now = 10_001
    expect(await total()).toBe(2)
  })

  it('tells when there are more than it looks through', async () => {
    expect(maxListed).toBe(10_000)
    expect((await createListing(folder)('', 1)).isCut).toBe(false)
  })

  it('a folder that is gone fails, and is looked at again', async () => {
    const own = join(folder, '.gone')
    let now = 0
    const list = createListing(own, () => now)
    await expect(list('', 1)).rejects.toThrow()
    await mkdir(own)
    now = 10_001
    expect((await list('', 1)).total).toBe(0)
  })
})
