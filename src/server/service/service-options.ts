/* The options of the image service of a worker: those that options of the server set, beside those of the configuration
   file. */

import type { ImageServiceOptions } from '../../options.js'
import { listingOf } from '../../presentation/listing.js'
import { measureLanes } from '../../schedule/options.js'
import { listImages } from '../../source/list.js'
import type { ServiceConfig } from '../config.js'
import { variablePrefix } from '../options/option.js'
import { allOptions } from '../options/table.js'
import { OptionsError } from '../options-error.js'
import type { Resolution } from '../resolve.js'
import { createCache } from './caches.js'
import { divideMachine } from './share.js'
import { createSources } from './sources.js'

/** What belongs to a worker. */
export interface Place {
  /** Whether this worker does what is to be done once. */
  readonly isLead: boolean
  /** Hears when a store of results fails. */
  onCacheError(error: Error): void
}

/**
 * Builds the options of an image service.
 *
 * @throws {@link OptionsError} or TypeError where options are wrong.
 */
export async function buildServiceOptions(
  resolution: Resolution,
  { isLead, onCacheError }: Place,
): Promise<ImageServiceOptions> {
  const { settings, config } = resolution
  const { service = {} } = config
  const given: ServiceConfig = typeof service === 'function' ? await service() : service
  if (typeof given !== 'object' || given === null)
    throw new OptionsError(['service: expected a function that gives options'])
  const problems: string[] = []
  const target = setOptions(given, resolution, problems)
  const source = await createSources(settings, given.source)
  if (source.length === 0) problems.push('There is nothing to serve: name a folder, or service.source')
  if (problems.length > 0) throw new OptionsError(problems)
  const share = divideMachine(settings)
  const lanes = measureLanes(share.processors)
  const { maintenance = true, schedule = {} } = target
  return {
    ...target,
    source,
    cache: given.cache ?? (await createCache(settings, share, onCacheError)),
    maintenance: isLead && settings.maintenance && maintenance,
    schedule: {
      memoryBytes: share.workBytes,
      ...schedule,
      tile: { concurrency: lanes.tile, ...schedule.tile },
      large: { concurrency: lanes.large, ...schedule.large },
    },
  }
}

const storeOptions = ['cacheMemory', 'cacheFolder', 'cacheRedis', 'cacheS3Bucket'] as const

function setOptions(
  given: ServiceConfig,
  { settings, origins }: Resolution,
  problems: string[],
): ServiceConfig {
  const target: Target = { ...given }
  for (const { name, sets } of allOptions) {
    const value = settings[name]
    if (sets === undefined || value === undefined) continue
    const problem = put(target, sets, value, origins.get(name))
    if (problem !== undefined) problems.push(`${name}: ${problem}`)
  }
  const { overlayText } = settings
  if (overlayText !== undefined && given.overlay !== undefined)
    problems.push('overlayText: expected no service.overlay beside it')
  else if (overlayText !== undefined) target.overlay = { kind: 'text', text: overlayText }
  const store = storeOptions.find(name => settings[name] !== undefined)
  if (given.cache !== undefined && store) problems.push(`${store}: expected no service.cache beside it`)
  const presentation = choosePresentation(settings, given.presentation)
  if (presentation !== undefined) target.presentation = presentation
  return target
}

/* The option switches manifests on and off; what they say the configuration file tells. */
function choosePresentation(
  { presentation: isOn, folder }: Resolution['settings'],
  given: ServiceConfig['presentation'],
): ServiceConfig['presentation'] {
  if (isOn === false || (!isOn && !given)) return isOn
  const listing = folder === undefined ? {} : { listing: listingOf(options => listImages(folder, options)) }
  return { ...listing, ...(typeof given === 'object' && given) }
}

type Target = Record<string, unknown>

/* Sets what the dotted way leads to. What the configuration file has set itself goes before a default, and makes way for
   flags and variables; set twice in the file it is a mistake, which is told. */
function put(target: Target, way: string, value: unknown, origin: string | undefined): string | undefined {
  const names = way.split('.')
  const last = names.pop() ?? ''
  let place = target
  for (const name of names) {
    const found = place[name] ?? {}
    if (typeof found !== 'object') return origin && `expected no function service.${name}, which tells it`
    // The object of the configuration file is not written to.
    const next: Target = { ...found }
    place[name] = next
    place = next
  }
  const isFromOutside = origin?.startsWith('--') || origin?.startsWith(variablePrefix)
  if (place[last] !== undefined && !isFromOutside) return origin && `expected no service.${way} beside it`
  place[last] = value
  return undefined
}
