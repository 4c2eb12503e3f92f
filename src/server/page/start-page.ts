import type { HttpHandler } from '../../contracts.js'
import type { ImageServiceOptions } from '../../options.js'
import type { ServerSettings } from '../options/table.js'
export function createStartPage(_settings: ServerSettings, _options: ImageServiceOptions): HttpHandler {
  return { handle: async () => undefined }
}
