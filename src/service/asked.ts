/* What an answer depends on beside its URL and the image: who asks, as what the image is shown, what covers it. */
import { limitMaxAge, resolveCacheControl } from '../access/cache-control.js'
import type { Answer } from '../access/decision.js'
import type { Question } from '../access/gate.js'
import type { Cover } from '../image/cover.js'
import type { InfoExtras } from '../protocol/info.js'
import type { IIIFRequest } from '../protocol/request.js'
import type { ImageView } from './find.js'
import type { ServiceSettings } from './settings.js'

/** What an answer depends on beside its URL and the image. */
export interface Asked {
  /** Who asks, and for what. */
  readonly question: Question
  /** As what the image is shown. */
  readonly view: ImageView
  /** What covers it. */
  readonly cover: Cover | undefined
  /** What the application has allowed. */
  readonly outcome: Answer
  /** The services that lead to a login. */
  readonly extras?: InfoExtras
  /** For how many seconds the URL is still good, where it was signed. */
  readonly secondsLeft?: number
}

/** The Cache-Control header of what is found: what depends on who asks is kept by nobody but him. */
export function decideCacheControl(
  settings: ServiceSettings,
  request: IIIFRequest,
  asked: Asked | undefined,
): string {
  const { cacheControl } = settings
  const configured = cacheControl.fixed ?? cacheControl.decide({ status: 200, request })
  if (asked === undefined) return configured
  const isGuarded = dependsOnUser(settings, request, asked)
  const decided = resolveCacheControl(configured, { isGuarded, shared: false })
  return asked.secondsLeft === undefined ? decided : limitMaxAge(decided, asked.secondsLeft)
}

/* Whether everybody is given an answer is what `authorize` says. Where it is not there to say so, hooks that are told who
   asks may tell each another thing. */
function dependsOnUser(settings: ServiceSettings, { kind }: IIIFRequest, { outcome }: Asked): boolean {
  if (settings.access.authorize !== undefined) return !outcome.shared
  return kind === 'info' ? typeof settings.info === 'function' : hasCoverHook(settings)
}

/** Whether the date of the source does not tell when the image last changed: covers change without it. */
export function outdatesSource(settings: ServiceSettings, asked: Asked | undefined): boolean {
  return asked !== undefined && (asked.cover !== undefined || hasCoverHook(settings))
}

function hasCoverHook({ overlay, redactions }: ServiceSettings): boolean {
  return typeof overlay === 'function' || redactions !== undefined
}
