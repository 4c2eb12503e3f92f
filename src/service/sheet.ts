/* What all answers about one image at one address have in common: worked out once for as long as its source is believed,
   so that a tile costs no more than what is its own. */
import type { ImageDescription, ResolveContext } from '../contracts.js'
import { formatHttpDate, type HttpDate } from '../http/conditional.js'
import { formatLink, type Link } from '../http/headers.js'
import { formatHeaderUri } from '../http/uri.js'
import { decodeSegment } from '../protocol/identifier.js'
import type { ImageStore } from './image-store.js'
import type { Located } from './locate.js'

/** An image as its answers see it. */
export interface Sheet {
  /** The image. */
  readonly image: Located
  /** The facts about it. */
  readonly description: ImageDescription
  /** Its address as the client knows it. */
  readonly uri: string
  /** The link to the level that the service complies with. */
  readonly profile: Link
  /** When its source last changed. */
  readonly lastModified: HttpDate | undefined
  /** Begins the ETag of every result: stands for the version of the source and of what makes pixels. */
  readonly tagStart: string
  /** Begins the Link header; the canonical parameters of the request follow. */
  readonly linkStart: string
  /** Ends the Link header. */
  readonly linkEnd: string
  /** Begins the names that results are saved under. */
  readonly filename: string
}

/** Where an image is asked for. */
export interface SheetAddress {
  /** The address of the image as the client knows it. */
  readonly uri: string
  /** The link to the level that the service complies with. */
  readonly profile: Link
}

/** Gives the sheet of an image at an address; at once where it was made before. */
export type TakeSheet = (
  image: Located,
  address: SheetAddress,
  context: ResolveContext,
) => Sheet | Promise<Sheet>

/** Creates the function that gives sheets; of each image the latest is kept. */
export function createSheets(store: ImageStore): TakeSheet {
  const kept = new WeakMap<Located, Sheet>()
  return (image, address, context) => {
    const known = kept.get(image)
    if (known?.uri === address.uri && known.profile === address.profile) return known
    const keep = (description: ImageDescription): Sheet => {
      const sheet = buildSheet(image, description, address, store.formatTag(image))
      kept.set(image, sheet)
      return sheet
    }
    // The signal is not read where nothing is waited for: making one costs as much as a tile.
    return known ? keep(known.description) : store.describe(image, context.signal).then(keep)
  }
}

function buildSheet(
  image: Located,
  description: ImageDescription,
  { uri, profile }: SheetAddress,
  tag: string,
): Sheet {
  const { source } = image
  return {
    image,
    description,
    uri,
    profile,
    lastModified: source.lastModified && formatHttpDate(source.lastModified),
    tagStart: `${tag.slice(0, -1)}-`,
    linkStart: `<${formatHeaderUri(uri)}/`,
    linkEnd: `>;rel="canonical", ${formatLink([profile])}`,
    filename: formatName(uri),
  }
}

/* By the identifier that the client knows: a proxy may keep ours to itself. */
function formatName(uri: string): string {
  const identifier = decode(uri.slice(uri.lastIndexOf('/') + 1))
  const name = identifier.slice(identifier.lastIndexOf('/') + 1)
  return name.replace(/;(?:tier=[\w-]+|[0-9]+:[0-9]+)$/, '').replace(/\.\w{1,5}$/, '')
}

/* What a proxy has named may be no well-formed text. */
function decode(segment: string): string {
  try {
    return decodeSegment(segment)
  } catch {
    return segment
  }
}
