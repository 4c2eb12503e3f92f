// The program that `npm start` runs, used as a person would: in a real browser.
import { type ChildProcess, spawn } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchChromium } from './chromium.js'

const root = resolve(import.meta.dirname, '../..')
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

describe.skipIf(chromiumPath === undefined)('npm start in a browser (Chromium)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'honeydew-start-'))
  let program: ChildProcess
  let browser: Browser
  let address = ''

  beforeAll(async () => {
    mkdirSync(join(folder, 'photos'))
    mkdirSync(join(folder, 'scans'))
    const photo = join(folder, 'photos/ü & <b>.jpg')
    await sharp({ create: { width: 900, height: 600, channels: 3, background: '#2060c0' } })
      .composite([
        {
          input: { create: { width: 300, height: 200, channels: 3, background: '#e08020' } },
          left: 600,
          top: 400,
        },
      ])
      .jpeg({ chromaSubsampling: '4:4:4' })
      .toFile(photo)
    writeFileSync(join(folder, 'photos/broken.jpg'), 'no image at all')
    for (let scan = 1; scan <= 3_000; scan += 1) {
      linkSync(photo, join(folder, `scans/scan ${String(scan).padStart(4, '0')}.jpg`))
    }
    program = spawn(process.execPath, ['examples/start/main.js', folder, '--port', '0'], { cwd: root })
    address = await readAddress(program)
    browser = await launchChromium()
  }, 240_000)

  afterAll(async () => {
    await browser?.close()
    program?.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = (path = '', options: BrowserContextOptions = {}) =>
    openPage(browser, `${address}${path}`, options)

  it('shows thumbnails that load, by the density of the screen, and what is none by its name', async () => {
    for (const deviceScaleFactor of [1, 3]) {
      const { page, trouble } = await open('', { deviceScaleFactor, viewport: { width: 1200, height: 700 } })
      const sample = page.locator('img').first()
      await waitForPicture(page, 'img')
      const { shown, pixels } = await sample.evaluate(element => {
        const image = element as HTMLImageElement
        return { shown: image.clientWidth, pixels: Number(/full\/(\d+),/.exec(image.currentSrc)?.[1]) }
      })
      // The smallest of the preferred sizes that is sharp: no more than twice what is needed.
      expect(pixels).toBeGreaterThanOrEqual(shown * deviceScaleFactor * 0.9)
      expect(pixels).toBeLessThan(shown * deviceScaleFactor * 2.2)
      expect(await page.locator('li', { hasText: 'broken.jpg' }).textContent()).toContain('No preview')
      expect(await page.locator('li', { hasText: 'ü & <b>.jpg' }).count()).toBe(1)
      expect(trouble).toEqual([])
      await page.close()
    }
  })

  it('loads only the thumbnails that are near, a page of names at a time', async () => {
    const { page, requests } = await open('', { viewport: { width: 1000, height: 500 } })
    await waitForPicture(page, 'img')
    expect(await page.locator('.images li').count()).toBe(48)
    await settle(page, requests)
    expect(requests.filter(url => url.includes('/iiif/')).length).toBeLessThan(40)
    await page.getByRole('link', { name: 'Next page' }).click()
    await page.waitForURL(/page=2/)
    expect(await page.locator('.count').textContent()).toContain('Page 2')
    expect(await page.locator('.images li').count()).toBe(48)
    await page.goto(`${address}?page=63`)
    expect(await page.locator('.count').textContent()).toContain('Page 63')
    expect(await page.getByRole('link', { name: 'Next page' }).count()).toBe(0)
    await page.close()
  })

  it('finds by name while one types, and tells how many there are', async () => {
    const { page, trouble } = await open()
    const count = page.locator('.count')
    await page.getByLabel('Search by name').fill('b> PHOTOS')
    await expect.poll(() => count.textContent()).toBe('1 image with “b> PHOTOS” in its name')
    expect(await page.locator('.images li').count()).toBe(1)
    expect(new URL(page.url()).searchParams.get('q')).toBe('b> PHOTOS')
    await page.getByLabel('Search by name').fill('<script>alert(1)</script>')
    await expect.poll(() => count.textContent()).toContain('no image with “<script>')
    await page.getByLabel('Search by name').fill('')
    await expect.poll(() => count.textContent()).toContain('48 images')
    expect(trouble).toEqual([])
    await page.close()
    // And without scripts, as a form.
    const plain = await open('?q=scan+2999', { javaScriptEnabled: false })
    expect(await plain.page.locator('.images .name').allTextContents()).toEqual(['scan 2999.jpg'])
    await plain.page.close()
  })

  it('zooms the sample to full scale, and no request fails', async () => {
    const { page, trouble, requests } = await open()
    await page.locator('a', { hasText: 'sample.tif' }).first().click()
    const viewer = page.locator('canvas').first()
    await viewer.waitFor()
    await settle(page, requests)
    expect(await countColours(page)).toBeGreaterThan(100)
    const box = await viewer.boundingBox()
    if (!box) throw new Error('the viewer has no canvas')
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    for (let turn = 0; turn < 24; turn += 1) await page.mouse.wheel(0, -400)
    await settle(page, requests)
    // At full scale a tile of 256 pixels is asked for as a region of 256 pixels.
    expect(requests.some(url => /\/\d+,\d+,256,256\/256,256\/0\/default\.jpg$/.test(url))).toBe(true)
    expect(await countColours(page)).toBeGreaterThan(100)
    expect(trouble).toEqual([])
    await page.close()
  }, 60_000)

  const photo = `view/${encodeURIComponent('photos/ü & <b>.jpg')}`
  const urlOf = (page: Page) => page.locator('#url').textContent()
  const base = (page: Page) => new URL(`/iiif/3/${photo.slice('view/'.length)}`, page.url()).href

  it('makes an image URL of a region that is drawn on the picture, and shows what it asks for', async () => {
    const { page, trouble } = await open(photo)
    await waitForPicture(page, '#preview')
    expect(await urlOf(page)).toBe(`${base(page)}/full/!600,600/0/default.jpg`)
    await page.getByRole('button', { name: 'Draw on picture' }).click()
    const [left, top, right, bottom] = await page.evaluate(() => {
      // The lower right third of the picture, where it is on the screen.
      const { left, top, width, height } = document.querySelector('canvas')!.getBoundingClientRect()
      const scale = Math.min(width / 900, height / 600)
      const at = (x: number, y: number) => [
        left + width / 2 + (x - 450) * scale,
        top + height / 2 + (y - 300) * scale,
      ]
      return [...at(620, 420), ...at(880, 580)]
    })
    await page.mouse.move(left!, top!)
    await page.mouse.down()
    await page.mouse.move((left! + right!) / 2, (top! + bottom!) / 2)
    await page.mouse.move(right!, bottom!, { steps: 4 })
    await page.mouse.up()
    const [, x = 0, y = 0, w = 0, h = 0] =
      /\/(\d+),(\d+),(\d+),(\d+)\/!/.exec((await urlOf(page)) ?? '')?.map(Number) ?? []
    for (const [found, wanted] of [
      [x, 620],
      [y, 420],
      [w, 260],
      [h, 160],
    ] as const) {
      expect(Math.abs(found - wanted)).toBeLessThan(12)
    }
    await waitForPicture(page, `#preview[src*="/${x},${y},"]`)
    expect(await page.locator('#facts').textContent()).toBe(`${w} × ${h} pixels`)
    const pixels = await sharp(await page.locator('#preview').screenshot())
      .resize(3, 3)
      .raw()
      .toBuffer()
    const middle = [...pixels.subarray((4 * pixels.length) / 9, (5 * pixels.length) / 9)].slice(0, 3)
    for (const [index, sample] of [0xe0, 0x80, 0x20].entries())
      expect(Math.abs((middle[index] ?? 0) - sample)).toBeLessThan(8)
    // Drawing is over: the picture can be moved again.
    expect(await page.getByRole('button', { name: 'Draw on picture' }).getAttribute('aria-pressed')).toBe(
      'false',
    )
    expect(trouble).toEqual([])
    await page.close()
  })

  it('makes it by the keyboard alone', async () => {
    const { page, trouble } = await open(photo)
    await waitForPicture(page, '#preview')
    await page.getByLabel('Full').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    for (const value of ['10', '20', '300', '200']) {
      await page.keyboard.press('Tab')
      if (value === '10') await page.keyboard.press('Tab')
      await page.keyboard.type(value)
    }
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Control+A')
    await page.keyboard.type('150')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Control+A')
    await page.keyboard.type('90')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.keyboard.press('Tab')
    await page.keyboard.type('gray')
    await page.keyboard.press('Tab')
    await page.keyboard.type('png')
    expect(await urlOf(page)).toBe(`${base(page)}/10,20,300,200/150,/!90/gray.png`)
    const response = await fetch((await urlOf(page)) ?? '')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(trouble).toEqual([])
    await page.close()
  })

  it('has every form of the size', async () => {
    const { page } = await open(photo)
    await waitForPicture(page, '#preview')
    for (const [form, size, facts] of [
      ['max', 'max', '900 × 600'],
      ['w', '600,', '600 × 400'],
      ['h', ',600', '900 × 600'],
      ['pct', 'pct:25', '225 × 150'],
    ] as const) {
      await page.locator('[name=size]').selectOption(form)
      expect(await urlOf(page)).toBe(`${base(page)}/full/${size}/0/default.jpg`)
      expect(await page.locator('#facts').textContent()).toBe(`${facts} pixels`)
    }
    await page.locator('[name=format]').selectOption('tif')
    await waitForPicture(page, '#preview[src$=".png"]')
    await page.close()
  })

  it('copies addresses that work', async () => {
    const { page } = await open(photo, { permissions: ['clipboard-read', 'clipboard-write'] })
    await waitForPicture(page, '#preview')
    for (const [name, type] of [
      ['Copy the address of info.json, Image API 3', 'application/ld+json'],
      ['Copy the address of info.json, Image API 2', 'application/json'],
      ['Copy the address of Manifest', 'application/ld+json'],
      ['Copy the image URL', 'image/jpeg'],
    ] as const) {
      await page.getByRole('button', { name }).click()
      await expect.poll(() => page.locator('#said').textContent()).toBe('Copied.')
      const copied = await page.evaluate(() => navigator.clipboard.readText())
      const response = await fetch(copied)
      expect([name, response.status, response.headers.get('content-type')?.startsWith(type)]).toEqual([
        name,
        200,
        true,
      ])
    }
    await page.close()
  })

  it('opens the image in Mirador', async () => {
    const { page, trouble, requests } = await open(photo)
    await page.getByRole('link', { name: 'Open in Mirador' }).click()
    await expect
      .poll(() => requests.filter(url => /\/iiif\/3\/[^/]+\/(?:full|\d)/.test(url)).length, {
        timeout: 20_000,
      })
      .toBeGreaterThan(0)
    await page.locator('canvas').first().waitFor({ timeout: 20_000 })
    await expect.poll(() => countNear(page, [0x20, 0x60, 0xc0]), { timeout: 20_000 }).toBeGreaterThan(20_000)
    expect(trouble).toEqual([])
    await page.close()
  }, 60_000)

  it('says so where an image cannot be opened', async () => {
    const { page } = await open('view/photos%2Fbroken.jpg')
    await expect.poll(() => page.locator('#said').textContent()).toBe('This image cannot be opened.')
    expect(await page.locator('#builder').isVisible()).toBe(false)
    await page.close()
    const missing = await open('nowhere')
    expect(await missing.page.locator('h1').textContent()).toBe('There is nothing here')
    await missing.page.close()
  })

  it.each<[page: string, path: string, options: BrowserContextOptions]>([
    ['the gallery', '', {}],
    ['the gallery in the dark', '', { colorScheme: 'dark' }],
    ['the gallery on a phone', '?q=photos', { viewport: { width: 390, height: 800 }, isMobile: true }],
    ['the viewer', photo, {}],
    ['the viewer in the dark', photo, { colorScheme: 'dark' }],
    ['the viewer on a phone', photo, { viewport: { width: 390, height: 800 }, isMobile: true }],
    ['what is missing', 'nowhere', {}],
  ])('%s has nothing that axe calls serious', async (_, path, options) => {
    const { page } = await open(path, { ...options, bypassCSP: true })
    if (path === photo) {
      await waitForPicture(page, '#preview')
      await page.getByLabel('Part').check()
    }
    await page.addScriptTag({ path: axe })
    const violations = await page.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> }
      }
      return (await axe.run()).violations.map(({ id, impact, nodes }) => ({
        id,
        impact,
        html: nodes[0]?.html,
      }))
    })
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
    // And nothing is wider than the screen.
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    await page.close()
  })

  it('asks nobody else for anything', async () => {
    const { page, requests } = await open(photo)
    await waitForPicture(page, '#preview')
    expect(requests.filter(url => !url.startsWith(address) && !url.startsWith('data:'))).toEqual([])
    await page.close()
  })

  it('answers /health with 200 and JSON', async () => {
    const response = await fetch(new URL('/health', address))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ color: 'GREEN' })
  })

  it('serves a manifest of each image, and a collection of all', async () => {
    const { items } = (await (await fetch(new URL('/presentation/3/collection', address))).json()) as {
      items: { id: string }[]
    }
    expect(items[0]?.id).toBe(`${address}presentation/3/sample.tif/manifest`)
    expect(items).toHaveLength(101)
    for (const { id } of items.slice(0, 3)) {
      if (!id.includes('broken')) expect((await fetch(id)).status).toBe(200)
    }
  })
})

/* What Mirador says of the React that it brings along. */
const known = 'Accessing element.ref was removed in React 19.'

async function openPage(browser: Browser, url: string, options: BrowserContextOptions) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.once('close', () => void context.close())
  const trouble: string[] = []
  const requests: string[] = []
  page.on('request', request => requests.push(request.url()))
  // Whoever clicks a link leaves what the page has not loaded yet: the browser gives it up, and nothing has failed.
  page.on('requestfailed', request => {
    const reason = request.failure()?.errorText
    if (reason !== 'net::ERR_ABORTED') trouble.push(`${request.url()} failed: ${reason}`)
  })
  page.on(
    'response',
    response => response.status() >= 400 && trouble.push(`${response.url()} ${response.status()}`),
  )
  page.on('console', message => {
    if (message.type() === 'error' && !message.text().startsWith(known)) trouble.push(message.text())
  })
  page.on('pageerror', error => trouble.push(error.message))
  await page.goto(url)
  return { page, trouble, requests }
}

function readAddress(program: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    program.stdout?.on('data', chunk => {
      output += chunk
      const [address] = /http:\/\/\S+/.exec(output) ?? []
      if (address) resolve(address)
    })
    program.once('exit', code => reject(new Error(`npm start ended with ${code}`)))
  })
}

/** Waits until the first picture that matches is there. */
async function waitForPicture(page: Page, selector: string): Promise<void> {
  const picture = page.locator(selector).first()
  await expect
    .poll(() => picture.evaluate(image => (image as HTMLImageElement).naturalWidth), { timeout: 20_000 })
    .toBeGreaterThan(9)
}

// Until no new request has come for a second.
async function settle(page: Page, requests: readonly string[]): Promise<void> {
  for (let before = -1; before !== requests.length; ) {
    before = requests.length
    await page.waitForTimeout(1000)
  }
}

async function countColours(page: Page): Promise<number> {
  const { data } = await sharp(await page.screenshot())
    .raw()
    .toBuffer({ resolveWithObject: true })
  const colours = new Set<number>()
  for (let at = 0; at + 2 < data.length; at += 300) colours.add(data.readUIntBE(at, 3))
  return colours.size
}

/** How many pixels of the screen have nearly a colour. */
async function countNear(page: Page, colour: readonly number[]): Promise<number> {
  const data = await sharp(await page.screenshot())
    .removeAlpha()
    .raw()
    .toBuffer()
  let count = 0
  for (let at = 0; at + 2 < data.length; at += 3) {
    if (colour.every((sample, index) => Math.abs(sample - (data[at + index] ?? 0)) < 10)) count += 1
  }
  return count
}
