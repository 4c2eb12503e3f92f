/* honeydew itself, as a program would use it. */
import { createImageService, fileSource } from 'honeydew'
import { createNodeHandler } from 'honeydew/node'
import { readSettings, serve } from './serve.js'

/** @type {{ folder: string, processes: number, cache: boolean }} */
const { folder, processes, cache } = readSettings()

await serve(processes, () => {
  const options = { source: fileSource(folder), ...(cache ? {} : { cache: /** @type {const} */ (false) }) }
  return createNodeHandler(createImageService(options))
})
