/* What requests are answered with: the settings and the memory of one service. */
import { createMaintenance } from '../cache/maintenance.js'
import { createDebug } from '../debug.js'
import { type CoverStore, createCoverStore } from '../image/cover-store.js'
import { type Admission, createAdmission } from '../schedule/admission.js'
import { createSingleFlight, type SingleFlight } from '../schedule/single-flight.js'
import { createImageStore, type ImageStore } from './image-store.js'
import { createLocator, type Locate } from './locate.js'
import type { Shared } from './obtain.js'
import { createPrefetch, type Prefetch } from './prefetch.js'
import type { ServiceSettings } from './settings.js'
import { createSheets, type TakeSheet } from './sheet.js'
import { createTally, type Tally } from './tally.js'

const debug = createDebug('service')

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
  /** Fetches stored tiles of images that are far away. */
  readonly prefetch: Prefetch
  /** Lets in work when it is its turn. */
  readonly admission: Admission
  /** Where requests for the same meet. */
  readonly flight: SingleFlight<Shared>
  /** Where drawn overlays and the like are kept. */
  readonly coverStore: CoverStore
  /** Counts what is done. */
  readonly tally: Tally
  /** Whether the service was closed. */
  isClosed(): boolean
  /** Looks at a source anew that was found to have changed. */
  reopen(identifier: string): void
  /**
   * Forgets what is known of an image, or of all, and what was made.
   *
   * @throws whatever the cache throws, when a copy may be left.
   */
  forget(identifier?: string): Promise<void>
  /** Closes what is open. */
  close(): Promise<void>
}

/** Creates the desk of a service. */
export function createDesk(settings: ServiceSettings): Desk {
  const store = createImageStore(settings)
  const forget = (identifier: string): void => {
    store
      .forget(identifier)
      .catch(error => debug('an image that is gone may be left in the cache: %o', error))
  }
  const locator = createLocator(settings, forget)
  const { cache, maintenanceSeconds } = settings
  const maintenance =
    cache?.sweep && maintenanceSeconds > 0
      ? createMaintenance({ sweep: signal => cache.sweep?.(signal), intervalSeconds: maintenanceSeconds })
      : undefined
  let isClosed = false
  return {
    settings,
    store,
    locate: locator.locate,
    takeSheet: createSheets(store),
    prefetch: createPrefetch(store, settings.schedule.tile.maxQueue),
    admission: createAdmission(settings.schedule),
    flight: createSingleFlight(),
    coverStore: createCoverStore(),
    tally: createTally(),
    reopen(identifier) {
      locator.forget(identifier)
      store.reopen(identifier)
    },
    async forget(identifier) {
      locator.forget(identifier)
      await store.forget(identifier)
    },
    isClosed: () => isClosed,
    async close() {
      isClosed = true
      store.close()
      await maintenance?.stop()
      await cache?.close?.()
      await Promise.all(settings.closers.map(close => close()))
    },
  }
}
