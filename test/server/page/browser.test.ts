// The start page used as a person would: in a real browser, against the real server.
import { createRequire } from 'node:module'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchChromium } from '../../browser/chromium.js'
import { type Served, start, useFolder } from '../program.js'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const folder = useFolder()

describe.skipIf(chromiumPath === undefined)('the start page in a browser (Chromium)', () => {
  let server: Served
  let browser: Browser

  beforeAll(async () => {
    // Four quarters, of which each tile tells where it is from.
    const quarter = (background: string) => ({
      create: { width: 1000, height: 750, channels: 3 as const, background },
    })
    await sharp({ create: { width: 2000, height: 1500, channels: 3, background: '#d02020' } })
      .composite([
        { input: quarter('#20d020'), left: 1000, top: 0 },
        { input: quarter('#2020d0'), left: 0, top: 750 },
        { input: quarter('#d0d020'), left: 1000, top: 750 },
      ])
      .png()
      .toFile(folder.path('photos/ü & <b> "c".png'))
    server = await start(folder.path(), ['--workers', '1', '--no-access-log', '--presentation'])
    browser = await launchChromium()
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    server?.child.kill('SIGKILL')
  })

  async function open(
    path = '/',
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; trouble: string[] }> {
    const page = await (
      await browser.newContext({ viewport: { width: 900, height: 700 }, ...options })
    ).newPage()
    const trouble: string[] = []
    page.on('console', message => {
      if (message.type() === 'error') trouble.push(message.text())
    })
    page.on('pageerror', error => trouble.push(String(error)))
    page.on('request', request => {
      if (!request.url().startsWith(server.origin)) trouble.push(`elsewhere: ${request.url()}`)
    })
    page.on('response', response => {
      if (response.status() >= 400) trouble.push(`${response.status()} ${response.url()}`)
    })
    await page.goto(`${server.origin}${path}`)
    return { page, trouble }
  }

  const isLoaded = (page: Page) =>
    page.waitForFunction(() => /^\d+ %$/.test(document.querySelector('#state')?.textContent ?? ''))
  const zoomOf = async (page: Page): Promise<number> =>
    Number.parseInt((await page.locator('#state').textContent()) ?? '', 10)
  const viewer = `/?image=${encodeURIComponent('ü & <b> "c".png')}`

  /** The colour of the canvas at a part of its width and height. */
  const pick = (page: Page, x: number, y: number): Promise<number[]> =>
    page.evaluate(
      ([partX = 0, partY = 0]) => {
        const canvas = document.querySelector('canvas')
        const context = canvas?.getContext('2d')
        if (!canvas || !context) return []
        return [...context.getImageData(canvas.width * partX, canvas.height * partY, 1, 1).data.slice(0, 3)]
      },
      [x, y],
    )
  const near = (colour: readonly number[], expected: readonly number[]): boolean =>
    colour.length === 3 && colour.every((value, index) => Math.abs(value - (expected[index] ?? 0)) < 12)

  it('finds an image, opens it, and zooms it to its pixels', async () => {
    const { page, trouble } = await open()
    await page.getByLabel('Name').fill('<B>')
    await page.getByRole('button', { name: 'Search' }).click()
    expect(await page.locator('.name').allTextContents()).toEqual(['ü & <b> "c".png'])
    await page.waitForFunction(() =>
      [...document.images].every(image => image.complete && image.naturalWidth > 0),
    )
    await page.getByRole('link', { name: 'ü & <b> "c".png' }).first().click()
    await isLoaded(page)
    // The whole image, its quarters where they belong.
    expect(near(await pick(page, 0.3, 0.4), [0xd0, 0x20, 0x20])).toBe(true)
    expect(near(await pick(page, 0.7, 0.4), [0x20, 0xd0, 0x20])).toBe(true)
    expect(near(await pick(page, 0.3, 0.6), [0x20, 0x20, 0xd0])).toBe(true)
    expect(near(await pick(page, 0.7, 0.6), [0xd0, 0xd0, 0x20])).toBe(true)
    const whole = await zoomOf(page)
    for (let turn = 0; turn < 4; turn += 1) await page.getByRole('button', { name: 'Zoom in' }).click()
    await isLoaded(page)
    await expect.poll(() => zoomOf(page)).toBeGreaterThan(whole * 4)
    await page.getByRole('button', { name: 'Whole image' }).click()
    await isLoaded(page)
    await expect.poll(() => zoomOf(page)).toBe(whole)
    expect(trouble).toEqual([])
    await page.close()
  })

  it('is moved and zoomed by keys, wheel, mouse and a double click', async () => {
    const { page, trouble } = await open(viewer)
    await isLoaded(page)
    const whole = await zoomOf(page)
    // The canvas has the focus at once.
    for (let press = 0; press < 6; press += 1) await page.keyboard.press('+')
    await isLoaded(page)
    await expect.poll(() => zoomOf(page)).toBeGreaterThan(whole * 8)
    for (let press = 0; press < 4; press += 1) await page.keyboard.press('ArrowRight')
    for (let press = 0; press < 4; press += 1) await page.keyboard.press('ArrowDown')
    await isLoaded(page)
    await expect.poll(async () => near(await pick(page, 0.9, 0.9), [0xd0, 0xd0, 0x20])).toBe(true)
    await page.keyboard.press('0')
    await isLoaded(page)
    const box = await page.locator('canvas').boundingBox()
    if (!box) throw new Error('there is no canvas')
    const [left, top] = [box.x + box.width * 0.3, box.y + box.height * 0.3]
    await page.mouse.move(left, top)
    for (let turn = 0; turn < 8; turn += 1) await page.mouse.wheel(0, -200)
    await isLoaded(page)
    // What lay under the mouse stays there.
    await expect.poll(async () => near(await pick(page, 0.3, 0.3), [0xd0, 0x20, 0x20])).toBe(true)
    await page.keyboard.press('0')
    await expect.poll(() => zoomOf(page)).toBe(whole)
    await page.mouse.dblclick(left, top)
    await expect.poll(() => zoomOf(page)).toBeGreaterThan(whole * 1.9)
    expect(trouble).toEqual([])
    await page.close()
  })

  it('shows the addresses to be copied, that of the manifest too', async () => {
    const { page } = await open(viewer)
    const addresses = await page.locator('footer .address').allTextContents()
    const name = encodeURIComponent('ü & <b> "c".png')
    expect(addresses).toEqual([
      `${server.origin}/iiif/3/${name}/info.json`,
      `${server.origin}/iiif/2/${name}/info.json`,
      `${server.origin}/presentation/3/${name}/manifest`,
    ])
    for (const address of addresses) expect((await fetch(address)).status).toBe(200)
    await page.close()
  })

  it('says in words that an image cannot be opened', async () => {
    const { page } = await open('/?image=nobody.png')
    await page.waitForFunction(
      () => document.querySelector('#state')?.textContent === 'This image cannot be opened.',
    )
    await page.close()
  })

  it('is shown without scripts, too', async () => {
    const { page, trouble } = await open('/', { javaScriptEnabled: false })
    await page.locator('.images a').first().click()
    expect(await page.locator('noscript img, img').count()).toBe(1)
    expect(trouble).toEqual([])
    await page.close()
  })

  it.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    [
      'a phone',
      { viewport: { width: 360, height: 700 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
    ],
  ] as const)('is accessible by the rules of axe, and as wide as the screen: %s', async (_name, options) => {
    for (const path of ['/', viewer]) {
      const { page } = await open(path, { ...options, bypassCSP: true })
      await page.addScriptTag({ path: axe })
      const violations = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }
        return (await axe.run()).violations.map(({ id }) => id)
      })
      expect(violations).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
      await page.close()
    }
  })
})
