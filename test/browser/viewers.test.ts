// The viewers that people use, in a real browser: they open what honeydew serves, and ask for what it has at hand.
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportLevel0 } from '../../src/presentation/export-level-0.js'
import type { InfoDocument } from '../../src/protocol/info.js'
import { listTileGrid, type TileSet } from '../../src/protocol/tiles.js'
import { createImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { chromiumPath, launchChromium } from './chromium.js'
import { type Area, look, type Sight } from './painted.js'
import { listen, openViewerSite, type ViewerName, type ViewerSite } from './viewer-site.js'

describe.skipIf(chromiumPath === undefined)('viewers in a browser (Chromium)', () => {
  let browser: Browser
  let site: ViewerSite
  const log = new Set<string>()

  beforeAll(async () => {
    site = await openViewerSite()
    browser = await launchChromium()
  }, 240_000)

  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  it.each<[viewer: ViewerName, document: string, api: 2 | 3]>([
    ['openseadragon', '/iiif/3/picture.tif/info.json', 3],
    ['openseadragon', '/iiif/2/picture.tif/info.json', 2],
    ['mirador', '/presentation/3/picture.tif/manifest', 3],
    ['mirador', '/presentation/2/picture.tif/manifest', 2],
    ['clover', '/presentation/3/picture.tif/manifest', 3],
  ])(
    '%s opens %s, paints it, and zooms into tiles that info.json tells of',
    async (viewer, document, api) => {
      const visit = await open(browser, site.pageOf(viewer, `${site.origin}${document}`))
      const whole = await waitForSight(visit, sight => sight.match > 0.9 && sight.coverage > 0.5)
      await zoomIn(visit.page, viewer)
      const close = await waitForSight(visit, sight => sight.match > 0.9 && sight.scale > 2 * whole.scale)
      expect(close.coverage).toBeGreaterThan(0.9)
      expect(visit.trouble).toEqual([])
      const images = visit.paths.filter(path => path.endsWith('.jpg'))
      expect(images.length).toBeGreaterThan(10)
      const offered = await listOffered(`${site.origin}/iiif/${api}/picture.tif/info.json`, api)
      expect(images.filter(path => !offered.has(path))).toEqual([])
      for (const path of images) log.add(path)
      await visit.page.close()
    },
    180_000,
  )

  it('is asked by them for tiles that are stored, or joined from stored ones', async () => {
    const tiles = [...log].filter(path => !path.includes('/full/'))
    expect(tiles.length).toBeGreaterThan(100)
    const service = createImageService({ source: fileSource(site.folder) })
    for (const url of tiles) {
      const reply = await service.handle({ method: 'GET', url, mountPath: '', headers: {}, scheme: 'http' })
      expect(reply?.status).toBe(200)
    }
    const { stored, render, source } = service.stats().images
    const count = (outcomes: Readonly<Record<string, number>>) =>
      Object.values(outcomes).reduce((a, b) => a + b, 0)
    expect(count(stored) + count(render) + count(source)).toBe(tiles.length)
    expect(count(stored) / tiles.length).toBeGreaterThanOrEqual(0.95)
    await service.close()
  })

  it('is opened by them as a collection: its images are listed', async () => {
    const visit = await open(browser, site.pageOf('clover', `${site.origin}/presentation/3/collection`))
    await waitForSight(visit, sight => sight.match > 0.9)
    expect(visit.trouble).toEqual([])
    await visit.page.close()
  }, 180_000)

  describe('an export on a server that knows nothing of IIIF', () => {
    const folder = mkdtempSync(join(tmpdir(), 'honeydew-static-'))
    let files: { origin: string; close(): Promise<void> }

    beforeAll(async () => {
      files = await listen((request, response) => {
        const { pathname } = new URL(request.url ?? '/', 'http://localhost')
        const path = join(folder, normalize(decodeURIComponent(pathname)))
        const type = path.endsWith('.json') ? 'application/json' : 'image/jpeg'
        readFile(path).then(
          body =>
            response.writeHead(200, { 'Content-Type': type, 'Access-Control-Allow-Origin': '*' }).end(body),
          () => response.writeHead(404).end(),
        )
      })
      const baseUri = `${files.origin}/picture`
      await exportLevel0(site.service, 'picture.tif', join(folder, 'picture'), { baseUri })
    }, 180_000)

    afterAll(async () => {
      await files?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    it.each<[viewer: ViewerName, document: string]>([
      ['openseadragon', 'info.json'],
      ['mirador', 'manifest.json'],
    ])(
      'opens in %s by its %s, and zooms without asking for a file that is not there',
      async (viewer, document) => {
        const visit = await open(browser, site.pageOf(viewer, `${files.origin}/picture/${document}`))
        const whole = await waitForSight(visit, sight => sight.match > 0.9 && sight.coverage > 0.5)
        await zoomIn(visit.page, viewer)
        await waitForSight(visit, sight => sight.match > 0.9 && sight.scale > 2 * whole.scale)
        expect(visit.trouble).toEqual([])
        expect(visit.paths.filter(path => path.startsWith('/iiif/'))).toEqual([])
        await visit.page.close()
      },
      180_000,
    )
  })
})

interface Visit {
  readonly page: Page
  /** What went wrong: requests that failed, errors of scripts. */
  readonly trouble: string[]
  /** The paths of all that was asked for. */
  readonly paths: string[]
}

/* Mirador is made for two versions of React, and says in the newer one that the older is gone. */
const known = ['Accessing element.ref was removed in React 19.']

async function open(browser: Browser, url: string): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width: 1000, height: 700 } })
  const visit: Visit = { page, trouble: [], paths: [] }
  const { trouble, paths } = visit
  page.on('request', request => {
    if (request.url().startsWith('http')) paths.push(new URL(request.url()).pathname)
  })
  page.on('requestfailed', request => {
    // Viewers give up tiles that have gone out of sight.
    const reason = request.failure()?.errorText
    if (reason !== 'net::ERR_ABORTED') trouble.push(`${request.url()} failed: ${reason}`)
  })
  page.on('response', response => {
    if (response.status() >= 400) trouble.push(`${response.status()} ${response.url()}`)
  })
  page.on('console', message => {
    if (message.type() === 'error' && !known.some(text => message.text().startsWith(text)))
      trouble.push(message.text())
  })
  page.on('pageerror', error => trouble.push(error.message))
  await page.goto(url)
  return visit
}

/** Waits until the picture is seen as it should be, and nothing more is asked for. */
async function waitForSight(visit: Visit, isRight: (sight: Sight) => boolean): Promise<Sight> {
  const { page, paths, trouble } = visit
  const until = Date.now() + 60_000
  for (let before = -1; ; before = paths.length) {
    const area = await findCanvas(page)
    const sight = area && (await look(await page.screenshot(), area))
    if (sight && isRight(sight) && paths.length === before) return sight
    if (Date.now() > until) throw new Error(`seen is ${JSON.stringify({ area, sight, trouble, paths })}`)
    await page.waitForTimeout(500)
  }
}

/* The middle of the largest canvas that is seen: at its edges viewers have their buttons. */
async function findCanvas(page: Page): Promise<Area | undefined> {
  const boxes = await page.evaluate(() =>
    [...document.querySelectorAll('canvas')].map(canvas => {
      const { left, top, right, bottom } = canvas.getBoundingClientRect()
      const [x, y] = [Math.max(0, Math.ceil(left)), Math.max(0, Math.ceil(top))]
      const width = Math.min(innerWidth, Math.floor(right)) - x
      return { x, y, width, height: Math.min(innerHeight, Math.floor(bottom)) - y }
    }),
  )
  const [largest] = boxes.filter(box => box.width > 200 && box.height > 200).sort((a, b) => b.width - a.width)
  return (
    largest && {
      x: Math.round(largest.x + largest.width * 0.15),
      y: Math.round(largest.y + largest.height * 0.25),
      width: Math.round(largest.width * 0.7),
      height: Math.round(largest.height * 0.5),
    }
  )
}

async function zoomIn(page: Page, viewer: ViewerName): Promise<void> {
  if (viewer === 'clover') {
    for (let step = 0; step < 3; step += 1) {
      await page.getByRole('button', { name: 'zoom in' }).click()
      await page.waitForTimeout(300)
    }
    return
  }
  await page.mouse.move(520, 340)
  for (let step = 0; step < 6; step += 1) {
    await page.mouse.wheel(0, -300)
    await page.waitForTimeout(100)
  }
}

/** The paths of all tiles and sizes that an info.json tells of, as viewers write them. */
async function listOffered(url: string, version: 2 | 3): Promise<Set<string>> {
  const info = (await (await fetch(url)).json()) as InfoDocument
  const image = info as unknown as { width: number; height: number }
  const base = new URL(url).pathname.replace(/info\.json$/, '')
  // Of version 2 some viewers write the canonical size, and others both sides.
  const sizesOf = ({ width, height }: { width: number; height: number }) => [
    `${width},${height}`,
    ...(version === 2 ? [`${width},`] : []),
  ]
  const names = [version === 2 ? 'full/full' : 'full/max']
  const add = (region: string, size: { width: number; height: number }) =>
    names.push(...sizesOf(size).map(written => `${region}/${written}`))
  for (const size of info.sizes as { width: number; height: number }[]) add('full', size)
  for (const { width, height = width, scaleFactors } of info.tiles as (Omit<TileSet, 'height'> & {
    height?: number
  })[]) {
    for (const scaleFactor of scaleFactors) {
      for (const { region, size } of listTileGrid(image, { width, height }, scaleFactor)) {
        add(`${region.x},${region.y},${region.width},${region.height}`, size)
        if (region.width === image.width && region.height === image.height) add('full', size)
      }
    }
  }
  return new Set(names.map(name => `${base}${name}/0/default.jpg`))
}
