// Who may see what: everybody a small image, readers who have logged in all of it:
//
//   npm install express
//   node examples/access.js ./images
import { randomUUID } from 'node:crypto'
import express from 'express'
import { createImageService, fileSource } from 'honeydew'
import { tier } from 'honeydew/access'
import { createExpressMiddleware } from 'honeydew/express'

const folder = process.argv[2] ?? './images'
const port = Number(process.env.PORT ?? 8182)
const sessions = new Map()

const service = createImageService({
  source: fileSource(folder),
  // From the tier in which least is seen to the one in which most is; each has a URL of its own, /iiif/3/cat.jpg;tier=public
  tiers: { public: { scale: { maxWidth: 400 }, shared: true }, readers: {} },
  // Who asks is your own affair: a session, a header, an address. `native` is the request of Express.
  authenticate: ({ cookies }) => sessions.get(cookies.session),
  // Asked for every request, also where the image is cached. Who asks for more than he is given is led to what he may see.
  authorize: ({ user }) => tier(user ? 'readers' : 'public'),
})
const app = express()
app.use(createExpressMiddleware(service))

app.post('/login', (_request, response) => {
  const id = randomUUID() // Here you would ask for a password.
  sessions.set(id, { name: 'a reader' })
  response.cookie('session', id, { httpOnly: true, sameSite: 'lax' }).redirect('/')
})
app.get('/', (_request, response) => {
  response.send(
    'Images are below /iiif/3/. <form method="post" action="/login"><button>Log in</button></form>',
  )
})
app.listen(port, () => {
  console.log(`The images of ${folder} are at http://localhost:${port}/iiif/3/`)
})
