// Images in an Express application, next to its other routes:
//
//   npm install express
//   node examples/express.js ./images
import express from 'express'
import { createImageService, fileSource } from 'honeydew'
import { createExpressMiddleware } from 'honeydew/express'

const folder = process.argv[2] ?? './images'
const port = Number(process.env.PORT ?? 8182)

const service = createImageService({ source: fileSource(folder) })
const app = express()

// Mount it wherever you like: every URI in info.json follows.
app.use('/images', createExpressMiddleware(service))

// What is no IIIF path is passed on to your own routes.
app.get('/', (_request, response) => {
  response.type('text').send('This is the application; its images are below /images/iiif/3/\n')
})

app.get('/health', async (_request, response) => {
  const health = await service.health()
  response.status(health.color === 'GREEN' ? 200 : 503).json(health)
})

app.listen(port, error => {
  if (error) throw error
  console.log(`The images of ${folder} are at http://localhost:${port}/images/iiif/3/`)
})
