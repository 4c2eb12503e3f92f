// A complete login in a real browser: OpenSeadragon on a page of one origin, the service with its images of another, and
// a login page of the application, which the service knows nothing of.
import { writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { grant } from '../../src/access/login.js'
import { redirect, tier } from '../../src/access/result.js'
import { createNodeHandler } from '../../src/adapters/node.js'
import { createImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { openViewer, type Viewer } from '../access/viewer.js'
import { createFolder } from '../image/picture.js'
import { chromiumPath, launchChromium } from './chromium.js'

interface User {
  readonly id: string
}

interface Library {
  readonly origin: string
  /** Status and path of each answer. */
  readonly log: string[]
  close(): Promise<void>
}

let folder: string

async function openLibrary({ isKnown = false } = {}): Promise<Library> {
  const blue = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#0000ff' } })
    .png()
    .toBuffer()
  const service = createImageService<User>({
    source: fileSource(folder),
    // Ada sees all of it, everybody else a small image with blue squares.
    authorize: ({ user }) => tier(user?.id === 'ada' ? 'readers' : 'public'),
    tiers: {
      public: {
        scale: { maxWidth: 300 },
        overlay: { kind: 'image', image: blue, position: 'repeat', inset: 20, relativeTo: 'image' },
        shared: true,
        label: 'A small image',
      },
      readers: {},
    },
    flow: {
      keys: 'a secret of more than thirty-two bytes',
      services: [
        {
          profile: 'active',
          label: 'Log in to the Example Library',
          login: ({ cookies, uri }) =>
            cookies.session
              ? grant({ id: cookies.session })
              : redirect(`/login?back=${encodeURIComponent(uri)}`),
          logout: { label: 'Log out of the Example Library' },
        },
        // Who has logged in before needs no window: viewers try this first.
        ...(isKnown ? [{ profile: 'external', label: 'Logged in already' } as const] : []),
      ],
    },
  })
  const log: string[] = []
  const handle = createNodeHandler(service, answerLogin)
  const server = http.createServer((request, response) => {
    response.once('finish', () => log.push(`${response.statusCode} ${request.url}`))
    return handle(request, response)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    async close() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
      await service.close()
    },
  }
}

/** The login page of the application: it sets a session, and leads back to where its user came from. */
function answerLogin({ method, url = '' }: http.IncomingMessage, response: http.ServerResponse): void {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  const [, name] = /^\/login\/(\w+)$/.exec(pathname) ?? []
  const back = searchParams.get('back') ?? '/'
  if (method === 'POST' && name !== undefined) {
    const cookie = `session=${name}; Path=/; HttpOnly; SameSite=Lax`
    response.writeHead(303, { 'Set-Cookie': cookie, Location: back }).end()
    return
  }
  const forms = ['ada', 'eve'].map(
    user =>
      `<form method="post" action="/login/${user}?back=${encodeURIComponent(back)}"><button>${user}</button></form>`,
  )
  response.writeHead(200, { 'Content-Type': 'text/html' }).end(forms.join(''))
}

describe.skipIf(chromiumPath === undefined)('a login with OpenSeadragon (Chromium)', () => {
  let browser: Browser
  let viewer: Viewer
  const opened: { close(): Promise<void> }[] = []

  beforeAll(async () => {
    folder = await createFolder()
    const picture = sharp({ create: { width: 1200, height: 900, channels: 3, background: '#c81e1e' } })
    const pyramid = { tile: true, tileWidth: 256, tileHeight: 256, pyramid: true } as const
    await writeFile(join(folder, 'a.tif'), await picture.tiff({ ...pyramid, compression: 'jpeg' }).toBuffer())
    browser = await launchChromium()
    viewer = await openViewer('OpenSeadragon')
  }, 240_000)

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
  })

  afterAll(async () => {
    await browser?.close()
    await viewer?.close()
  })

  async function open(options: Parameters<typeof openLibrary>[0] = {}) {
    const library = await openLibrary(options)
    const context = await browser.newContext()
    opened.push(context, library)
    const page = await context.newPage()
    await view(page, library)
    return { library, context, page }
  }

  async function view(page: Page, { origin }: Library) {
    await page.goto(`${viewer.origin}/?image=${encodeURIComponent(`${origin}/iiif/3/a.tif`)}`)
    await waitForReady(page)
  }

  it('shows the substitute, then, when Ada has logged in, the tiles of the full size', async () => {
    const { library, context, page } = await open()
    expect(await readStory(page)).toBe('probe 401; shown 300; ready; ')
    await expectColours(page, { red: true, blue: true })
    expect(listImages(library)).toSatisfy(onlySubstitutes)
    await logIn(page, context, 'ada')
    expect(await readStory(page)).toBe(
      'probe 401; shown 300; ready; closed; AuthAccessToken2 300; probe 200; shown 1200; ready; ',
    )
    // All of it, and nothing over it.
    await expectColours(page, { red: true, blue: false })
    // Tiles at full size: regions as large as they are shown.
    const tiles = listImages(library).filter(line =>
      /^200 \/iiif\/3\/a\.tif\/\d+,\d+,256,256\/256,256\//.test(line),
    )
    expect(tiles.length).toBeGreaterThan(3)
    expect(library.log.filter(line => line.startsWith('200 /iiif/3/a.tif/info.json')).length).toBeGreaterThan(
      0,
    )
  }, 90_000)

  it('shows the substitute still to Eve, who has logged in and may not see more', async () => {
    const { library, context, page } = await open()
    await logIn(page, context, 'eve')
    expect(await readStory(page)).toBe(
      'probe 401; shown 300; ready; closed; AuthAccessToken2 300; probe 401; shown 300; ready; ',
    )
    await expectColours(page, { red: true, blue: true })
    expect(listImages(library)).toSatisfy(onlySubstitutes)
    // Nor is she given it when her browser asks for it, with all its cookies.
    const status = await page.evaluate(async url => {
      const image = new Image()
      image.src = url
      return image.decode().then(
        () => 'shown',
        () => 'broken',
      )
    }, `${library.origin}/iiif/3/a.tif/0,0,256,256/max/0/default.jpg`)
    expect(status).toBe('broken')
    expect(library.log).toContain('401 /iiif/3/a.tif/0,0,256,256/max/0/default.jpg')
  }, 90_000)

  it('shows Ada who comes back the full size without a window, until she logs out', async () => {
    const { library, context, page } = await open({ isKnown: true })
    expect(await readStory(page)).toBe('probe 401; shown 300; AuthAccessTokenError2 missingAspect; ready; ')
    await logIn(page, context, 'ada')
    await view(page, library)
    expect(await readStory(page)).toMatch(
      /^probe 401; shown 300; AuthAccessToken2 \d+; probe 200; shown 1200; ready; $/,
    )
    await expectColours(page, { red: true, blue: false })
    const image = `${library.origin}/iiif/3/a.tif/full/max/0/default.jpg`
    expect((await context.request.get(image)).status()).toBe(200)
    await context.clearCookies({ name: 'session' })
    const window = await context.newPage()
    await window.goto(`${library.origin}/iiif/auth/2/logout`)
    expect(await window.locator('p').first().textContent()).toBe('You have logged out.')
    expect((await context.request.get(image)).status()).toBe(401)
  }, 90_000)
})

const listImages = ({ log }: Library) => log.filter(line => /default\.jpg/.test(line))

const onlySubstitutes = (lines: readonly string[]) =>
  lines.length > 0 && lines.every(line => line.startsWith('200 /iiif/3/a.tif;tier=public/'))

const readStory = (page: Page) => page.locator('#logs').textContent()

/* Opens the window of the login, chooses who logs in, and says that it may close. */
async function logIn(page: Page, context: BrowserContext, name: string): Promise<void> {
  const [window] = await Promise.all([context.waitForEvent('page'), page.locator('#login').click()])
  await window.getByRole('button', { name }).click()
  const leave = window.getByRole('button', { name: 'Continue' })
  await leave.waitFor()
  await Promise.all([window.waitForEvent('close'), leave.click().catch(() => {})])
  await waitForReady(page, 2)
}

async function waitForReady(page: Page, times = 1): Promise<void> {
  await expect
    .poll(async () => (await readStory(page))?.match(/ready/g)?.length ?? 0, { timeout: 40_000 })
    .toBe(times)
}

/* What is loaded is drawn a moment later. */
async function expectColours(page: Page, wanted: { readonly red: boolean; readonly blue: boolean }) {
  const look = async () => {
    const { red, blue } = await countColours(page)
    return { red: red > 2_000, blue: blue > 0 }
  }
  await expect.poll(look, { timeout: 20_000 }).toEqual(wanted)
}

/** How many pixels of the stage are red, as the picture is, and how many blue, as what lies over it. */
async function countColours(page: Page): Promise<{ red: number; blue: number }> {
  const shot = await page.locator('#stage').screenshot()
  const { data, info } = await sharp(shot).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  let [red, blue] = [0, 0]
  for (let at = 0; at < data.length; at += info.channels) {
    const [r = 0, g = 0, b = 0] = data.subarray(at, at + 3)
    if (r > 150 && g < 80 && b < 80) red += 1
    if (b > 150 && r < 80 && g < 80) blue += 1
  }
  return { red, blue }
}
