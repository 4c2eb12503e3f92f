// Manifests for viewers such as Mirador, and a collection of everything:
//
//   node examples/presentation.js ./images
//
// Then open http://localhost:8182/presentation/3/<name of a file>/manifest in a viewer.
import { createServer } from 'node:http'
import { createImageService, fileSource, listImages } from 'honeydew'
import { createNodeHandler } from 'honeydew/node'
import { listingOf } from 'honeydew/presentation'

const folder = process.argv[2] ?? './images'
const port = Number(process.env.PORT ?? 8182)

const service = createImageService({
  source: fileSource(folder),
  presentation: {
    // What the collection lists, a page at a time. A database would look up its own order: ({ after, limit }) => …
    listing: listingOf(({ signal }) => listImages(folder, signal ? { signal } : {})),
    collection: { label: { en: ['Our images'], de: ['Unsere Bilder'] } },
    // What manifests say, beside what images tell about themselves (title, creator, rights …).
    about: identifier => ({
      requiredStatement: { label: 'Attribution', value: 'The Example Library' },
      behavior: identifier.startsWith('books/') ? ['paged'] : ['individuals'],
    }),
  },
})

createServer(createNodeHandler(service)).listen(port, () => {
  console.log(`The images of ${folder} are at http://localhost:${port}/iiif/3/ and`)
  console.log(`their collection is http://localhost:${port}/presentation/3/collection`)
})
