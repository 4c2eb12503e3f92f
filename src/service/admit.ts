/* Who may see the documents about an image: whoever may see its info.json. The application is asked about them as about
   that. */
import { noStore } from '../access/cache-control.js'
import { planInfo } from '../access/decision.js'
import { readFacts } from '../access/facts.js'
import { listAuthVersions } from '../access/flow-extras.js'
import { askBoth, askRequest, openQuestion, type Question } from '../access/gate.js'
import type { HttpReply, HttpRequest } from '../contracts.js'
import type { PublicBase } from '../http/base-uri.js'
import { buildRedirect } from '../http/replies.js'
import type { InfoRequest } from '../protocol/request.js'
import type { Desk } from './desk.js'
import { findPage } from './find.js'

/** Who wants to see the documents about an image. */
export interface AdmissionRequest {
  /** The request as it came. */
  readonly http: HttpRequest
  /** Where its client believes to be. */
  readonly base: PublicBase
  /** The info.json that the documents stand for. */
  readonly request: InfoRequest
  /** Whether the image is only to be named in a list: then it is not looked at. */
  readonly isListed: boolean
}

/**
 * Decides whether who asks may see the documents about an image.
 *
 * @throws {@link IIIFError} where they may not.
 */
export type Admit = (asked: AdmissionRequest) => Admission | Promise<Admission>

/** What {@link Admit} has decided. */
export type Admission =
  | {
      /** The document is given. */
      readonly kind: 'serve'
      /** Whether everybody is given it, so that shared caches may keep it. */
      readonly shared: boolean
    }
  | {
      /** Something else is answered with, such as a redirect. */
      readonly kind: 'reply'
      /** The answer. */
      readonly reply: HttpReply
    }

/** Creates the function that decides; everybody may see everything where the application says nothing. */
export function createAdmit(desk: Desk): Admit {
  const { access } = desk.settings
  if (access.authorize === undefined) return () => ({ kind: 'serve', shared: true })
  return async ({ http, base, request, isListed }) => {
    const question = await openQuestion(access, readFacts(http, base), request)
    const decision = isListed
      ? await askRequest(access, question)
      : await askBoth(access, question, () => inspect(question, desk, http))
    const authVersions = await listAuthVersions(access, request.version, question.variant.identifier)
    const outcome = planInfo(decision, authVersions)
    if (outcome.kind === 'refuse') throw outcome.error
    if (outcome.kind === 'redirect' && 'location' in outcome.to)
      return { kind: 'reply', reply: buildRedirect(outcome.status, outcome.to.location, noStore) }
    // Who is shown less than the whole image is led there by the image service.
    return { kind: 'serve', shared: outcome.kind === 'serve' && outcome.status === 200 && outcome.shared }
  }
}

async function inspect({ variant }: Question, desk: Desk, http: HttpRequest) {
  const image = await findPage(variant, desk, http)
  const description = await desk.store.describe(image, http.signal)
  const { width, height } = description
  const fullSize = { width, height }
  return { description, fullSize, page: variant.page ?? 1, region: undefined, resultingSize: undefined }
}
