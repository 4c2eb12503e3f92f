/* Writes TIFF files by hand, for what sharp cannot write: sub-directories, big-endian files, loops. */
export interface TiffPage {
  readonly width: number
  readonly height: number
  /** RGB samples. */
  readonly data: Uint8Array
  readonly children?: readonly TiffPage[]
  /** Four characters, without the zero that ought to end them. */
  readonly software?: string
}

export interface TiffOptions {
  readonly little?: boolean
  readonly big?: boolean
  /** Where the last directory points to, instead of the end. */
  readonly lastLink?: number
}

type Entry = readonly [tag: number, type: number, ...values: number[]]

const typeSizes: Readonly<Record<number, number>> = { 2: 1, 3: 2, 4: 4, 13: 4, 18: 8 }

/** Directories first, samples last: a file that is cut short loses samples. */
export function buildTiff(pages: readonly TiffPage[], options: TiffOptions = {}): Buffer {
  const { little = true, big = false, lastLink = 0 } = options
  const all = pages.flatMap(page => [page, ...(page.children ?? [])])
  const directorySpace = 512
  const starts = new Map(all.map((page, i) => [page, 16 + i * directorySpace]))
  let position = 16 + all.length * directorySpace
  const file = Buffer.alloc(position + all.reduce((sum, page) => sum + page.data.length, 0))
  const put = (value: number, size: number, at: number) => {
    for (let i = 0; i < size; i += 1) {
      file[at + (little ? i : size - 1 - i)] = Math.floor(value / 256 ** i) % 256
    }
  }
  const long = big ? 8 : 4
  const putEntry = ([tag, type, ...values]: Entry, at: number, spare: number) => {
    const size = typeSizes[type]!
    const slot = at + 4 + long
    const inline = values.length * size <= long
    put(tag, 2, at)
    put(type, 2, at + 2)
    put(values.length, long, at + 4)
    if (!inline) put(spare, long, slot)
    for (const [i, value] of values.entries()) put(value, size, (inline ? slot : spare) + i * size)
  }
  file.write(little ? 'II' : 'MM', 0, 'latin1')
  put(big ? 43 : 42, 2, 2)
  if (big) put(8, 2, 4)
  put(16, long, big ? 8 : 4)
  for (const page of all) {
    const at = starts.get(page)!
    const entries = entriesOf(page, position, big, starts)
    const countSize = big ? 8 : 2
    const entrySize = 4 + 2 * long
    put(entries.length, countSize, at)
    for (const [i, entry] of entries.entries()) {
      putEntry(entry, at + countSize + i * entrySize, at + directorySpace - 32 * (1 + (i % 4)))
    }
    const next = pages[pages.indexOf(page) + 1]
    const link = next ? starts.get(next)! : lastLink
    if (pages.includes(page)) put(link, long, at + countSize + entries.length * entrySize)
    file.set(page.data, position)
    position += page.data.length
  }
  return file
}

function entriesOf(
  page: TiffPage,
  dataAt: number,
  big: boolean,
  starts: ReadonlyMap<TiffPage, number>,
): readonly Entry[] {
  const children = (page.children ?? []).map(child => starts.get(child)!)
  return [
    [256, 3, page.width],
    [257, 4, page.height],
    [258, 3, 8, 8, 8],
    [259, 3, 1],
    [262, 3, 2],
    [273, 4, dataAt],
    [277, 3, 3],
    [278, 4, page.height],
    [279, 4, page.width * page.height * 3],
    ...(page.software ? ([[305, 2, ...Buffer.from(page.software)]] as const) : []),
    ...(children.length > 0 ? ([[330, big ? 18 : 13, ...children]] as const) : []),
  ]
}
