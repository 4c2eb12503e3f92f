/* The info.json of an image, as it is shown: what the image is, what the service offers, what its owner adds. */
import { buildImageContext, type Question } from '../access/gate.js'
import type { View } from '../access/view.js'
import type { ImageDescription, ResolveContext } from '../contracts.js'
import { createDebug } from '../debug.js'
import type { Dimensions } from '../protocol/geometry.js'
import { buildInfo, type InfoDocument, type InfoExtras, type InfoFacts } from '../protocol/info.js'
import { applyInfoHook, type InfoAdditions } from '../protocol/info-hook.js'
import { shrinkFacts } from '../protocol/scale.js'
import type { ImageApiVersion } from '../protocol/version.js'
import type { Desk } from './desk.js'
import type { Located } from './locate.js'
import { createProgramQuestion } from './program.js'

const debug = createDebug('info')

/** Whose info.json is built, and for whom. */
export interface InfoTarget {
  /** The version of the Image API. */
  readonly version: ImageApiVersion
  /** The address of the image as the client knows it. */
  readonly uri: string
  /** As what the image is shown. @defaultValue as it is */
  readonly view?: View | undefined
  /** The services that lead to a login. @defaultValue none */
  readonly extras?: InfoExtras | undefined
  /** Who asks, and for what. @defaultValue a program */
  readonly question?: Question | undefined
}

/**
 * Builds the info.json of an image.
 *
 * @throws whatever the application throws that adds to it.
 */
export async function buildInfoDocument(
  image: Located,
  { version, uri, view, extras, question }: InfoTarget,
  { settings, store }: Desk,
  { signal }: ResolveContext,
): Promise<InfoDocument> {
  const description = await store.describe(image, signal)
  const facts = describeFacts(description)
  const shown = view ? shrinkFacts(facts, view.shownSize(facts), view.shrinkOf(facts)) : facts
  const offer = view ? { ...settings, limits: view.limits } : settings
  const document = buildInfo(version, uri, shown, offer, extras)
  const { identifier, page = 1 } = image
  const asked = question ?? createProgramQuestion({ identifier, page }, version)
  return amend(document, { description, page }, asked, settings)
}

/* The services of a login are in the document before: what the application adds stands beside them. */
async function amend(
  document: InfoDocument,
  { description, page }: { readonly description: ImageDescription; readonly page: number },
  question: Question,
  { info, access }: Desk['settings'],
): Promise<InfoDocument> {
  let additions: InfoAdditions | undefined
  if (typeof info === 'function') {
    const { width, height } = description
    const facts = {
      description,
      fullSize: { width, height },
      region: undefined,
      resultingSize: undefined,
      page,
    }
    additions = await info(buildImageContext(access, question, facts), document)
  } else {
    additions = info
  }
  const { document: amended, dropped } = applyInfoHook(document, additions)
  for (const reason of dropped) debug('%s', reason)
  return amended
}

/** What an info.json tells of a description; the levels are those of the upright image. */
export function describeFacts(description: ImageDescription): InfoFacts {
  const { width, height, levels, orientation, colour } = description
  const upright = <T extends Dimensions>(size: T): T =>
    orientation >= 5 ? { ...size, width: size.height, height: size.width } : size
  const { tile } = levels[0]
  return {
    width,
    height,
    isGray: colour === 'gray',
    levels: levels.map(level =>
      upright({ width: level.width, height: level.height, scaleFactor: level.scaleFactor }),
    ),
    ...(tile === undefined ? {} : { tile: upright(tile) }),
  }
}
