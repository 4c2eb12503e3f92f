// Images in a Hono application; the same door fits everything that speaks web Request and Response:
//
//   npm install hono @hono/node-server
//   node examples/hono.js ./images
import { serve } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { createImageService, fileSource } from 'honeydew'
import { createFetchHandler } from 'honeydew/fetch'
import { Hono } from 'hono'

const folder = process.argv[2] ?? './images'
const port = Number(process.env.PORT ?? 8182)

const answer = createFetchHandler(createImageService({ source: fileSource(folder) }))
const app = new Hono()

app.use('/images/*', async (context, next) => {
  // A Request does not tell where it comes from. With the address, X-Forwarded-* headers of a proxy that is near are
  // believed; without it they are ignored.
  const { address = '' } = getConnInfo(context).remote
  const response = await answer(context.req.raw, { mountPath: '/images', remoteAddress: address })
  // `undefined` means: this is no IIIF path, somebody else may answer.
  return response ?? next()
})

app.get('/', context => context.text('This is the application; its images are below /images/iiif/3/\n'))

serve({ fetch: app.fetch, port }, () => {
  console.log(`The images of ${folder} are at http://localhost:${port}/images/iiif/3/`)
})
