// The program that `npm start` runs, used as a person would: in a real browser.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchChromium } from './chromium.js'

const root = resolve(import.meta.dirname, '../..')
describe.skipIf(chromiumPath === undefined)('npm start in a browser (Chromium)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'honeydew-start-'))
  let program: ChildProcess
  let browser: Browser
  let address = ''

  beforeAll(async () => {
    mkdirSync(join(folder, 'photos'))
    await sharp({ create: { width: 900, height: 600, channels: 3, background: '#2060c0' } })
      .jpeg()
      .toFile(join(folder, 'photos/ü & <b>.jpg'))
    program = spawn(process.execPath, ['examples/start/main.js', folder, '--port', '0'], { cwd: root })
    address = await readAddress(program)
    browser = await launchChromium()
  }, 240_000)

  afterAll(async () => {
    await browser?.close()
    program?.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  it('lists both images with thumbnails that load', async () => {
    const { page, trouble } = await open(browser, address)
    const thumbnails = page.locator('img')
    expect(await thumbnails.count()).toBe(2)
    for (const thumbnail of await thumbnails.all()) {
      await thumbnail.scrollIntoViewIfNeeded()
      await expect
        .poll(() => thumbnail.evaluate(image => (image as HTMLImageElement).naturalWidth))
        .toBeGreaterThan(99)
    }
    expect(await page.locator('body').textContent()).toContain('ü & <b>.jpg')
    expect(trouble).toEqual([])
    await page.close()
  })

  it('zooms the sample to full scale, and no request fails', async () => {
    const { page, trouble, requests } = await open(browser, address)
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

  it('answers /health with 200 and JSON', async () => {
    const response = await fetch(new URL('/health', address))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ color: 'GREEN' })
  })
})

async function open(browser: Browser, address: string) {
  const page = await browser.newPage()
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
  page.on('console', message => message.type() === 'error' && trouble.push(message.text()))
  page.on('pageerror', error => trouble.push(error.message))
  await page.goto(address)
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
