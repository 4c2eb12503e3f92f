/* What images and their results are called: in caches, in the pool of readers, in ETags. */
import { buildCacheKey } from '../cache/key.js'
import { formatEtag } from '../http/conditional.js'
import { rendererVersion } from '../image/render.js'
import type { Located } from './locate.js'

/** The names of images. */
export interface ImageNames {
  /** An ETag that stands for the version of an image and of what makes pixels. */
  readonly formatTag: (image: Located) => string
  /** The key of the reader of an image. */
  readonly formatReaderKey: (image: Located) => string
  /** The key of the description of an image. */
  readonly formatDescriptionKey: (image: Located) => string
  /** The key of a result: everything that its bytes depend on. */
  readonly formatKey: (image: Located, name: string) => string
}

/* What makes the bytes and the descriptions: a cache may outlive it, and a newer one may make others. The number is raised
   when honeydew itself makes other bytes of the same stored tiles, or describes images in another way. */
const maker = `1 ${rendererVersion}`

/**
 * Creates the names.
 *
 * @param readSettings - what descriptions depend on beside the image
 */
export function createImageNames(readSettings: string): ImageNames {
  const prefixOf = rememberByImage(({ identifier, source, page = 1 }) =>
    buildCacheKey(identifier, source.version, page === 1 ? [maker] : [maker, `page ${page}`]),
  )
  const formatKey = (image: Located, name: string) => `${prefixOf(image)}|${encodeURIComponent(name)}`
  return {
    formatTag: rememberByImage(({ source, page = 1 }) =>
      formatEtag(page === 1 ? [source.version, maker] : [source.version, maker, `page ${page}`]),
    ),
    formatReaderKey: rememberByImage(image => `${prefixOf(image)}|reader`),
    formatDescriptionKey: rememberByImage(image => formatKey(image, `description ${readSettings}`)),
    formatKey,
  }
}

/* What is the same for every request of an image is worked out once for as long as its source is believed. */
function rememberByImage(work: (image: Located) => string): (image: Located) => string {
  const remembered = new WeakMap<Located, string>()
  return image => {
    let text = remembered.get(image)
    if (text === undefined) {
      text = work(image)
      remembered.set(image, text)
    }
    return text
  }
}
