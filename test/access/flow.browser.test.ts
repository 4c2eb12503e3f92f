// The whole way of a user, in a real browser: a viewer of one origin, images and logins of another.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AccessServiceOptions } from '../../src/access/service-options.js'
import { chromiumPath, launchChromium } from '../browser/chromium.js'
import { type Library, type LibraryOptions, openLibrary, terms } from './library.js'
import type { Reader } from './site.js'
import { openViewer, type Viewer } from './viewer.js'

const ownLogin = (origin: string): AccessServiceOptions<Reader>[] => [
  { profile: 'active', login: `${origin}/login`, label: { en: ['Log in to Example Library'] } },
]

describe.skipIf(chromiumPath === undefined)('the authorisation flow in a browser (Chromium)', () => {
  let browser: Browser
  let viewer: Viewer
  const opened: { close(): Promise<void> }[] = []

  beforeAll(async () => {
    browser = await launchChromium()
    viewer = await openViewer()
  }, 240_000)

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
  })

  afterAll(async () => {
    await browser?.close()
    await viewer?.close()
  })

  async function open(options: LibraryOptions, identifier = 'cats') {
    const library = await openLibrary(options)
    const context = await browser.newContext()
    opened.push(context, library)
    const page = await context.newPage()
    await view(page, library, identifier)
    return { library, context, page }
  }

  async function view(page: Page, library: Library, identifier = 'cats') {
    await page.goto(`${viewer.origin}/?image=${encodeURIComponent(`${library.origin}/iiif/3/${identifier}`)}`)
    await waitForReady(page)
  }

  /* Clicks the login of the viewer, and in the window that opens what there is to click. */
  async function logIn(page: Page, context: BrowserContext, button: string) {
    const [window] = await Promise.all([context.waitForEvent('page'), page.locator('#login').click()])
    await window.waitForLoadState()
    // The window may be gone before the click is said to be over.
    const click = window.getByRole('button', { name: button }).click()
    await Promise.all([window.waitForEvent('close'), click.catch(() => {})])
    await waitForReady(page, 2)
  }

  const story = (page: Page) => page.locator('#logs').textContent()

  it('shows the substitute, then, after the login of the application, the image', async () => {
    const { library, context, page } = await open({ services: ownLogin })
    expect(await story(page)).toBe('probe 401; shown 60; ready; ')
    expect(await page.locator('#login').textContent()).toBe('Log in to Example Library')
    await logIn(page, context, 'ada')
    expect(await story(page)).toBe(
      'probe 401; shown 60; ready; closed; AuthAccessToken2 300; probe 200; shown 600; ready; ',
    )
    expect(library.log).toContain('200 /iiif/3/cats/full/600,/0/default.jpg')
    expect(library.log).toContain('200 /iiif/3/cats;tier=public/full/60,/0/default.jpg')
  })

  it('shows the substitute still to who has logged in and may not see more', async () => {
    const { library, context, page } = await open({ services: ownLogin })
    await logIn(page, context, 'eve')
    expect(await story(page)).toBe(
      'probe 401; shown 60; ready; closed; AuthAccessToken2 300; probe 401; shown 60; ready; ',
    )
    const images = library.log.filter(line => /cats\/full/.test(line))
    expect(images).toEqual([])
    // Nor is it given to who asks for it nevertheless.
    const { status, type } = await page.evaluate(async url => {
      const response = await fetch(url)
      return { status: response.status, type: response.headers.get('content-type') }
    }, `${library.origin}/iiif/3/cats/full/max/0/default.jpg`)
    expect({ status, type }).toEqual({ status: 401, type: 'text/plain; charset=utf-8' })
  })

  it('says why there is no token to who closes the window without logging in', async () => {
    const { context, page } = await open({ services: ownLogin })
    const [window] = await Promise.all([context.waitForEvent('page'), page.locator('#login').click()])
    await window.close()
    await waitForReady(page, 2)
    expect(await story(page)).toBe(
      'probe 401; shown 60; ready; closed; AuthAccessTokenError2 missingAspect; ready; ',
    )
  })

  it('lets who agrees to terms in our own window see the image, until they leave', async () => {
    const { library, context, page } = await open({ services: () => [terms] })
    await logIn(page, context, 'I agree')
    expect(await story(page)).toContain('AuthAccessToken2 300; probe 200; shown 600; ready; ')
    // Somebody who is known needs no window: the cookie is sent with images, and a new page finds it out by itself.
    const cookies = await context.cookies()
    expect(cookies).toMatchObject([{ name: 'honeydew', httpOnly: true, sameSite: 'Lax' }])
    const image = `${library.origin}/iiif/3/cats/full/max/0/default.jpg`
    expect((await context.request.get(image)).status()).toBe(200)
    const logout = await context.newPage()
    await logout.goto(`${library.origin}/iiif/auth/2/logout`)
    expect(await logout.locator('p').first().textContent()).toBe('You have logged out.')
    expect(await context.cookies()).toEqual([])
    expect((await context.request.get(image)).status()).toBe(401)
    await view(page, library)
    expect(await story(page)).toBe('probe 401; shown 60; ready; ')
  })

  it('runs no script in our windows but ours', async () => {
    const { library, context } = await open({ services: () => [terms] })
    const page = await context.newPage()
    const refused: string[] = []
    page.on('console', message => message.type() === 'error' && refused.push(message.text()))
    await page.goto(`${library.origin}/iiif/auth/2/access/terms?origin=${viewer.origin}`)
    const ran = await page.evaluate(async () => {
      const script = document.createElement('script')
      script.textContent = 'window.ran = true'
      document.body.append(script)
      return 'ran' in window
    })
    expect(ran).toBe(false)
    expect(refused.join()).toContain('Content Security Policy')
  })

  it('asks nobody to log in who is known by other means', async () => {
    const { page } = await open({
      services: () => [{ profile: 'external', label: 'In the reading room' }],
      ambient: { id: 'reading-room', isStaff: true },
    })
    // The probe knows them as well, so that not even a token is needed.
    expect(await story(page)).toBe('probe 200; shown 600; ready; ')
  })

  it('opens no window for who has logged in already: a token is enough', async () => {
    const external: AccessServiceOptions<Reader> = { profile: 'external', label: 'Logged in already' }
    const { library, context, page } = await open({ services: origin => [...ownLogin(origin), external] })
    expect(await story(page)).toContain('AuthAccessTokenError2 missingAspect; ready; ')
    await context.addCookies([{ name: 'session', value: 'ada', url: library.origin, sameSite: 'Lax' }])
    await view(page, library)
    expect(await story(page)).toBe('probe 401; shown 60; AuthAccessToken2 300; probe 200; shown 600; ready; ')
  })

  it('gives viewers of other origins no token', async () => {
    const { context, page } = await open({ services: ownLogin, origins: ['https://viewer.example.org'] })
    await logIn(page, context, 'ada')
    expect(await story(page)).toBe(
      'probe 401; shown 60; ready; closed; AuthAccessTokenError2 invalidOrigin; ready; ',
    )
  })

  it('posts a token to no page but that of the origin that was given', async () => {
    const { library, context, page } = await open({ services: ownLogin })
    await logIn(page, context, 'ada')
    const messages = await page.evaluate(async url => {
      const heard: unknown[] = []
      window.addEventListener('message', ({ data }) => heard.push(data))
      const frame = document.createElement('iframe')
      const loaded = new Promise(resolve => frame.addEventListener('load', resolve))
      frame.src = url
      document.body.append(frame)
      await loaded
      // What was posted before is delivered before.
      await new Promise(resolve => {
        window.addEventListener('message', event => event.data === 'last' && resolve(undefined))
        window.postMessage('last', '*')
      })
      return heard
    }, `${library.origin}/iiif/auth/2/token?messageId=1&origin=https://evil.example`)
    expect(messages).toEqual(['last'])
  })

  it('is not begun for an image that nobody is to know of', async () => {
    const library = await openLibrary({ services: ownLogin })
    opened.push(library)
    const [hidden, missing] = await Promise.all(
      ['secret', 'nothing'].map(async identifier => {
        const response = await fetch(`${library.origin}/iiif/3/${identifier}/info.json`)
        const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== 'date'))
        return { status: response.status, headers, body: await response.text() }
      }),
    )
    expect(hidden?.status).toBe(404)
    expect(hidden).toEqual(missing)
  })
})

async function waitForReady(page: Page, times = 1): Promise<void> {
  await expect
    .poll(async () => (await page.locator('#logs').textContent())?.match(/ready/g)?.length ?? 0, {
      timeout: 20_000,
    })
    .toBe(times)
}
