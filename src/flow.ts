/* The endpoints of the authorisation flow, with what they need to know of images. */
import { answerFlow, type FlowDesk, matchFlow } from './access/answer-flow.js'
import { buildView } from './access/view.js'
import { answerError } from './answer.js'
import type { HttpReply, HttpRequest } from './contracts.js'
import type { Desk } from './desk.js'
import { findPage } from './find.js'
import type { PublicBase } from './http/base-uri.js'
import { resolveAsked } from './process.js'

/** Answers a request for one of the endpoints; `undefined` where it is none. Never rejects. */
export type FlowAnswer = (http: HttpRequest) => Promise<HttpReply | undefined>

/** Creates the function that answers; `undefined` for a service without a flow. */
export function createFlowAnswer(
  desk: Desk,
  resolveBase: (http: HttpRequest) => PublicBase,
): FlowAnswer | undefined {
  const { access, parse, publicPrefixes } = desk.settings
  const { flow } = access
  if (flow === undefined) return undefined
  const flowDesk: FlowDesk = {
    parse,
    publicPrefixes,
    async inspect(request, variant, signal) {
      const image = await findPage(variant, desk, signal ? { signal } : {})
      const description = await desk.store.describe(image, signal)
      const view = buildView(variant, access.tiers, desk.settings.limits)
      const { region, size } = resolveAsked(request, description, desk.settings, undefined, view).asked
      const { width, height } = description
      return {
        description,
        fullSize: { width, height },
        page: variant.page ?? 1,
        region,
        resultingSize: size,
      }
    },
  }
  return async http => {
    if (matchFlow(http.url, flow.prefix) === undefined) return undefined
    try {
      return await answerFlow(http, resolveBase(http), { ...access, flow }, flowDesk)
    } catch (error) {
      return answerError(error, http, desk.settings)
    }
  }
}
