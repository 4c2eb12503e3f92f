// A viewer of the least kind: one page that follows the algorithm of the Authorization Flow API 2.0 (section 7.1) and
// shows an image. It comes from another origin than the images.
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Viewer {
  readonly origin: string
  close(): Promise<void>
}

const page = `<!doctype html>
<meta charset="utf-8">
<title>Viewer</title>
<p id="status">opening</p>
<button id="login" hidden></button>
<p id="logs"></p>
<img id="image">
<iframe id="frame" hidden></iframe>
<script type="module">
const find = id => document.getElementById(id)
const say = text => { find('status').textContent = text; find('logs').textContent += text + '; ' }
const parameters = new URLSearchParams(location.search)
const info = await (await fetch(parameters.get('image') + '/info.json')).json()
const probeService = (info.service ?? []).find(service => service.type === 'AuthProbeService2')

async function show(id) {
  const { width } = await (await fetch(id + '/info.json')).json()
  find('image').src = id + '/full/' + width + ',/0/default.jpg'
  await find('image').decode().then(() => say('shown ' + find('image').naturalWidth), () => say('broken'))
}

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

export async function openViewer(): Promise<Viewer> {
  const server = http.createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
    response.end(page)
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
