/* What requests are answered with: the settings and the memory of one service. */
import { createImageStore, type ImageStore } from './image-store.js'
import { createLocator, type Locate } from './locate.js'
import type { ServiceSettings } from './options.js'
import { createSheets, type TakeSheet } from './sheet.js'

/** What requests are answered with. */
export interface Desk {
  /** The settings of the service. */
  readonly settings: ServiceSettings
  /** What is known of images. */
  readonly store: ImageStore
  /** Finds the sources of identifiers. */
  readonly locate: Locate
  /** Gives what the answers about an image have in common. */
  readonly takeSheet: TakeSheet
}

/** Creates the desk of a service. */
export function createDesk(settings: ServiceSettings): Desk {
  const store = createImageStore(settings)
  return { settings, store, locate: createLocator(settings), takeSheet: createSheets(store) }
}
