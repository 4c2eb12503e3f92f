/* Images for programs: the way of a request without HTTP. */
import { buildImageContext } from '../access/gate.js'
import type { ImageDescription, ResolveContext } from '../contracts.js'
import type { Cover } from '../image/cover.js'
import { type ImageResult, prepareRequest, resolveAsked } from '../process.js'
import type { ImageRequest } from '../protocol/request.js'
import { resolveCover } from './cover.js'
import type { Desk } from './desk.js'
import type { Found } from './find.js'
import { sendSource } from './make.js'
import { formatResultName, type Obtained, obtainImage, recallResult } from './obtain.js'
import { createProgramQuestion, programClient } from './program.js'
import { createPhases } from './report.js'

/** Makes the image of a request, or takes it from the cache. */
export async function processImage(
  found: Found,
  request: ImageRequest,
  desk: Desk,
  context: ResolveContext,
): Promise<ImageResult> {
  const { result, release } = await produceImage(found, request, desk, context)
  release()
  return result
}

/** Makes the image of a request, or takes it from the cache, and tells which. */
export async function produceImage(
  found: Found,
  request: ImageRequest,
  desk: Desk,
  context: ResolveContext,
): Promise<Obtained> {
  const { settings, store } = desk
  const { image, view } = found
  const { signal } = context
  const description = await store.describe(image, signal)
  const cover = await coverForProgram(found, request, description, desk)
  const shown = { ...view, encode: view.tier?.encode }
  const prepared = prepareRequest(request, description, settings, cover, shown)
  if (prepared.way === 'source') {
    const result = await sendSource(prepared, store.guard(image.source), signal ? { signal } : {})
    return { result, outcome: 'none', phases: createPhases(), meter: { bytes: 0 }, release() {} }
  }
  const named = { prepared, name: formatResultName(prepared, settings, view.key) }
  const kept = await recallResult(image, named, store)
  const recalled = kept && Promise.resolve(kept)
  return obtainImage({ image, ...named, client: programClient, recalled }, desk, signal)
}

/* Programs may see everything, but what the service does to its images it does for them too. */
async function coverForProgram(
  { variant, image, view }: Found,
  request: ImageRequest,
  description: ImageDescription,
  desk: Desk,
): Promise<Cover | undefined> {
  const { access, overlay, redactions } = desk.settings
  const { tier } = view
  if (overlay === undefined && redactions === undefined && !tier?.overlay) return undefined
  const { width, height } = description
  const { region, size } = resolveAsked(request, description, desk.settings, undefined, view).asked
  const facts = {
    description,
    fullSize: { width, height },
    page: image.page ?? 1,
    region,
    resultingSize: size,
  }
  const question = createProgramQuestion(variant, request.version, request)
  return resolveCover(buildImageContext(access, question, facts), tier, desk)
}
