/* Images for programs: the way of a request without HTTP. */
import { buildImageContext } from './access/gate.js'
import type { ImageDescription, ResolveContext } from './contracts.js'
import { resolveCover } from './cover.js'
import type { Desk } from './desk.js'
import type { Cover } from './image/cover.js'
import type { Located } from './locate.js'
import { sendSource } from './make.js'
import { formatResultName, type Obtained, obtainImage, recallResult } from './obtain.js'
import { type ImageResult, prepareRequest, resolveAsked } from './process.js'
import { createProgramQuestion, programClient } from './program.js'
import type { ImageRequest } from './protocol/request.js'
import { createPhases } from './report.js'

/** Makes the image of a request, or takes it from the cache. */
export async function processImage(
  image: Located,
  request: ImageRequest,
  desk: Desk,
  context: ResolveContext,
): Promise<ImageResult> {
  const { result, release } = await produceImage(image, request, desk, context)
  release()
  return result
}

/** Makes the image of a request, or takes it from the cache, and tells which. */
export async function produceImage(
  image: Located,
  request: ImageRequest,
  desk: Desk,
  context: ResolveContext,
): Promise<Obtained> {
  const { settings, store } = desk
  const { signal } = context
  const description = await store.describe(image, signal)
  const cover = await coverForProgram(image, request, description, desk)
  const prepared = prepareRequest(request, description, settings, cover)
  if (prepared.way === 'source') {
    const result = await sendSource(prepared, store.guard(image.source), signal ? { signal } : {})
    return { result, outcome: 'none', phases: createPhases(), meter: { bytes: 0 }, release() {} }
  }
  const named = { prepared, name: formatResultName(prepared, settings) }
  const kept = await recallResult(image, named, store)
  const recalled = kept && Promise.resolve(kept)
  return obtainImage({ image, ...named, client: programClient, recalled }, desk, signal)
}

/* Programs may see everything, but what the service does to its images it does for them too. */
async function coverForProgram(
  { identifier }: Located,
  request: ImageRequest,
  description: ImageDescription,
  desk: Desk,
): Promise<Cover | undefined> {
  const { access, overlay, redactions } = desk.settings
  if (overlay === undefined && redactions === undefined) return undefined
  const { width, height } = description
  const { region, size } = resolveAsked(request, description, desk.settings).asked
  const facts = { description, fullSize: { width, height }, page: 1, region, resultingSize: size }
  const question = createProgramQuestion(identifier, request.version, request)
  return resolveCover(buildImageContext(access, question, facts), access.tiers.highest, desk)
}
