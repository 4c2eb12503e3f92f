/* The endpoints of the authorisation flow, with what they need to know of images. */
import { answerFlow, type FlowDesk, matchFlow } from '../access/answer-flow.js'
import { buildView } from '../access/view.js'
import type { HttpReply, HttpRequest } from '../contracts.js'
import { NotFoundError } from '../errors.js'
import type { PublicBase } from '../http/base-uri.js'
import { resolveAsked } from '../process.js'
import type { Desk } from './desk.js'
import { findPage } from './find.js'

/** The endpoints of a service. */
export interface FlowDoor {
  /** Whether a path is that of an endpoint, or lies beside them. */
  owns(url: string): boolean
  /** Answers a request for what it owns. */
  answer(http: HttpRequest): Promise<HttpReply>
}

/** Creates the endpoints; `undefined` for a service without a flow. */
export function createFlowDoor(
  desk: Desk,
  resolveBase: (http: HttpRequest) => PublicBase,
): FlowDoor | undefined {
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
  return {
    owns: url => matchFlow(url, flow.prefix) !== undefined,
    async answer(http) {
      const reply = await answerFlow(http, resolveBase(http), { ...access, flow }, flowDesk)
      if (reply === undefined) throw new NotFoundError('not-found', 'There is no such service.')
      return reply
    },
  }
}
