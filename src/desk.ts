/* What requests are answered with: the settings and the memory of one service. */
import { createImageStore, type ImageStore } from './image-store.js'
import { createLocator, type Locate } from './locate.js'
import type { Shared } from './obtain.js'
import { type Admission, createAdmission } from './schedule/admission.js'
import { createSingleFlight, type SingleFlight } from './schedule/single-flight.js'
import type { ServiceSettings } from './settings.js'
import { createSheets, type TakeSheet } from './sheet.js'
import { createTally, type Tally } from './tally.js'

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
  /** Lets in work when it is its turn. */
  readonly admission: Admission
  /** Where requests for the same meet. */
  readonly flight: SingleFlight<Shared>
  /** Counts what is done. */
  readonly tally: Tally
  /** Whether the service was closed. */
  isClosed(): boolean
  /** Closes what is open. */
  close(): void
}

/** Creates the desk of a service. */
export function createDesk(settings: ServiceSettings): Desk {
  const store = createImageStore(settings)
  let isClosed = false
  return {
    settings,
    store,
    locate: createLocator(settings),
    takeSheet: createSheets(store),
    admission: createAdmission(settings.schedule),
    flight: createSingleFlight(),
    tally: createTally(),
    isClosed: () => isClosed,
    close() {
      isClosed = true
      store.close()
    },
  }
}
