/* Images for programs: the way of a request without HTTP. */
import type { ResolveContext } from './contracts.js'
import type { Desk } from './desk.js'
import type { Located } from './locate.js'
import { sendSource } from './make.js'
import { formatResultName, type Obtained, obtainImage, recallResult } from './obtain.js'
import { type ImageResult, prepareRequest } from './process.js'
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
  const prepared = prepareRequest(request, await store.describe(image, signal), settings)
  if (prepared.way === 'source') {
    const result = await sendSource(prepared, image.source, signal ? { signal } : {})
    return { result, outcome: 'none', phases: createPhases(), bytesRead: 0, release() {} }
  }
  const named = { prepared, name: formatResultName(prepared, settings) }
  const kept = await recallResult(image, named, store)
  const recalled = kept && Promise.resolve(kept)
  return obtainImage({ image, ...named, client: programs, recalled }, desk, signal)
}

/** The programs that call the service are one client. */
const programs = 'program'
