// Images in a Koa application:
//
//   npm install koa
//   node examples/koa.js ./images
import { createImageService, fileSource } from 'honeydew'
import { createKoaMiddleware } from 'honeydew/koa'
import Koa from 'koa'

const folder = process.argv[2] ?? './images'
const port = Number(process.env.PORT ?? 8182)

const service = createImageService({ source: fileSource(folder) })
const app = new Koa()

// Koa itself sends the image, so that middleware in front of it sees the status and may add headers.
app.use(async (context, next) => {
  await next()
  console.log(context.status, context.method, context.url)
})

// To have it below another path, wrap it: mount('/images', createKoaMiddleware(service)), with koa-mount.
app.use(createKoaMiddleware(service))

// What is no IIIF path arrives here.
app.use(context => {
  context.body = 'This is the application; its images are below /iiif/3/\n'
})

app.listen(port, () => {
  console.log(`The images of ${folder} are at http://localhost:${port}/iiif/3/`)
})
