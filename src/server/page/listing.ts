/* The names of the images of a folder, for a page that lists them: never more than can be looked through soon, and read
   once for all who ask within some seconds. */
import { listImages } from '../../source/list.js'

/** What a page shows. */
export interface ListedPage {
  /** The identifiers. */
  readonly identifiers: readonly string[]
  /** How many there are that match. */
  readonly total: number
  /** The number of the page, from 1; the last one where a later one was asked for. */
  readonly number: number
  /** How many pages there are; at least 1. */
  readonly pages: number
  /** Whether the folder has more images than are listed. */
  readonly isCut: boolean
}

/** Lists images. */
export type ListPage = (words: string, number: number) => Promise<ListedPage>

/** How many images are listed at most; who has more knows them by other means. */
export const maxListed = 10_000

const pageLength = 60
const believedMs = 10_000

/** Creates the list of a folder. */
export function createListing(folder: string, now: () => number = () => performance.now()): ListPage {
  let known: Promise<readonly string[]> | undefined
  let until = -Infinity
  const read = async (): Promise<readonly string[]> => {
    try {
      const found: string[] = []
      for await (const identifier of listImages(folder)) {
        found.push(identifier)
        if (found.length > maxListed) break
      }
      return found
    } finally {
      until = now() + believedMs
    }
  }
  return async (words, number) => {
    if (known === undefined || now() >= until) {
      until = Infinity
      known = read()
    }
    const all = await known
    const listed = all.slice(0, maxListed)
    const wanted = words.toLowerCase()
    const matching = wanted === '' ? listed : listed.filter(name => name.toLowerCase().includes(wanted))
    const pages = Math.max(1, Math.ceil(matching.length / pageLength))
    const shown = Math.min(number, pages)
    return {
      identifiers: matching.slice((shown - 1) * pageLength, shown * pageLength),
      total: matching.length,
      number: shown,
      pages,
      isCut: all.length > maxListed,
    }
  }
}
