// A viewer of the least kind: one page that follows the algorithm of the Authorization Flow API 2.0 (section 7.1) and
// shows an image: in an <img>, or by OpenSeadragon, which asks for tiles. It comes from another origin than the images.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'

export interface Viewer {
  readonly origin: string
  close(): Promise<void>
}

/** How an image is shown: what the page holds for it, and a function `show` of its base URI. */
interface Display {
  readonly html: string
  readonly script: string
}

const plainImage: Display = {
  html: '<img id="image">',
  script: `async function show(id) {
  const { width } = await (await fetch(id + '/info.json')).json()
  find('image').src = id + '/full/' + width + ',/0/default.jpg'
  await find('image').decode().then(() => say('shown ' + find('image').naturalWidth), () => say('broken'))
}`,
}

const openSeadragon: Display = {
  html: `<div id="stage" style="width: 600px; height: 400px"></div>
<script src="/openseadragon.min.js"></script>`,
  // At one pixel of the image for one of the screen, where a viewer wants what is largest.
  script: `const viewer = OpenSeadragon({
  id: 'stage',
  drawer: 'canvas',
  showNavigationControl: false,
  animationTime: 0,
  immediateRender: true,
  maxZoomPixelRatio: 1,
})
let failed = 0
viewer.addHandler('tile-load-failed', () => { failed += 1 })
async function show(id) {
  failed = 0
  const opened = new Promise((resolve, reject) => {
    viewer.addOnceHandler('open', resolve)
    viewer.addOnceHandler('open-failed', reject)
  })
  viewer.open(id + '/info.json')
  await opened
  const item = viewer.world.getItemAt(0)
  viewer.viewport.zoomTo(viewer.viewport.imageToViewportZoom(1), null, true)
  while (!item.getFullyLoaded() && failed === 0) await new Promise(resolve => setTimeout(resolve, 20))
  say(failed === 0 ? 'shown ' + item.getContentSize().x : 'broken')
}`,
}

const buildPage = ({ html, script }: Display) => `<!doctype html>
<meta charset="utf-8">
<title>Viewer</title>
<p id="status">opening</p>
<button id="login" hidden></button>
<p id="logs"></p>
${html}
<iframe id="frame" hidden></iframe>
<script type="module">
const find = id => document.getElementById(id)
const say = text => { find('status').textContent = text; find('logs').textContent += text + '; ' }
const parameters = new URLSearchParams(location.search)
const info = await (await fetch(parameters.get('image') + '/info.json')).json()
const probeService = (info.service ?? []).find(service => service.type === 'AuthProbeService2')

${script}

async function probe(token) {
  const result = await (await fetch(probeService.id, token ? { headers: { Authorization: 'Bearer ' + token } } : {})).json()
  say('probe ' + result.status)
  if (result.status === 200) await show(info.id)
  else if (result.location) await show(result.location.id)
  else if (result.substitute) await show(result.substitute[0].id)
  return result.status === 200
}

function askToken(accessService) {
  const service = accessService.service.find(service => service.type === 'AuthAccessTokenService2')
  const messageId = String(Math.random())
  return new Promise(resolve => {
    window.addEventListener('message', function hear({ data, origin }) {
      if (data.messageId !== messageId || origin !== new URL(service.id).origin) return
      window.removeEventListener('message', hear)
      say(data.type + ' ' + (data.profile ?? data.expiresIn))
      resolve(data.accessToken)
    })
    find('frame').src = service.id + '?messageId=' + messageId + '&origin=' + window.origin
  })
}

async function tryToken(accessService) {
  const token = await askToken(accessService)
  return token !== undefined && probe(token)
}

async function start() {
  if (!probeService) return show(info.id)
  if (await probe()) return
  const services = profile => probeService.service.filter(service => service.profile === profile)
  for (const service of services('external')) if (await tryToken(service)) return
  const [active] = services('active')
  if (!active) return
  find('login').hidden = false
  find('login').textContent = Object.values(active.label)[0][0]
  find('login').onclick = () => {
    const opened = window.open(active.id + '?origin=' + window.origin)
    const timer = setInterval(async () => {
      if (!opened.closed) return
      clearInterval(timer)
      say('closed')
      await tryToken(active)
      say('ready')
    }, 20)
  }
}

await start()
say('ready')
</script>
`

export async function openViewer(kind: 'image' | 'OpenSeadragon' = 'image'): Promise<Viewer> {
  const page = buildPage(kind === 'image' ? plainImage : openSeadragon)
  const library = dirname(createRequire(import.meta.url).resolve('openseadragon'))
  const server = http.createServer(({ url }, response) => {
    const isLibrary = url === '/openseadragon.min.js'
    const type = isLibrary ? 'text/javascript' : 'text/html'
    response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` })
    response.end(isLibrary ? readFileSync(join(library, 'openseadragon.min.js')) : page)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}
