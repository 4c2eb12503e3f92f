/* Runs in the browser: which tiles of an image show what is seen, and their pictures as they come. */

/** What an info.json tells, of either version. */
export interface Info {
  readonly width: number
  readonly height: number
  readonly tiles?: readonly {
    readonly width: number
    readonly height?: number
    readonly scaleFactors: readonly number[]
  }[]
}

/** A part of the image, in its pixels. */
export interface Part {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** A tile: the part that it shows, and where its picture is. */
export interface Tile extends Part {
  readonly url: string
  /** How many pixels of the image one of the tile stands for. */
  readonly factor: number
}

/** The tiles of an image. */
export class Grid {
  readonly width: number
  readonly height: number
  /** The scale factors, the smallest first. */
  readonly factors: readonly number[]
  readonly #base: string
  readonly #tileWidth: number
  readonly #tileHeight: number
  readonly #isThird: boolean

  constructor(info: Info, base: string) {
    const [tile] = info.tiles ?? []
    this.width = info.width
    this.height = info.height
    this.factors = [...(tile?.scaleFactors ?? [1])].sort((a, b) => a - b)
    this.#base = base
    this.#tileWidth = tile?.width ?? 512
    this.#tileHeight = tile?.height ?? this.#tileWidth
    this.#isThird = 'type' in info
  }

  /** The factor whose pixels are the nearest to those of the screen, and no larger. */
  choose(zoom: number): number {
    return this.factors.findLast(factor => factor * zoom <= 1) ?? this.factors[0] ?? 1
  }

  /** Lists the tiles of a factor that show something of a part. */
  *list(factor: number, part: Part): Generator<Tile> {
    const [stepX, stepY] = [this.#tileWidth * factor, this.#tileHeight * factor]
    const first = (from: number, step: number): number => Math.max(0, Math.floor(from / step) * step)
    const [right, bottom] = [Math.min(part.right, this.width), Math.min(part.bottom, this.height)]
    for (let top = first(part.top, stepY); top < bottom; top += stepY)
      for (let left = first(part.left, stepX); left < right; left += stepX)
        yield this.#build(left, top, factor, stepX, stepY)
  }

  #build(left: number, top: number, factor: number, stepX: number, stepY: number): Tile {
    const [right, bottom] = [Math.min(left + stepX, this.width), Math.min(top + stepY, this.height)]
    const [width, height] = [Math.ceil((right - left) / factor), Math.ceil((bottom - top) / factor)]
    const isWhole = left === 0 && top === 0 && right === this.width && bottom === this.height
    const region = isWhole ? 'full' : `${left},${top},${right - left},${bottom - top}`
    // The canonical form of each version, so that caches know it.
    const size = this.#isThird ? `${isWhole && factor === 1 ? 'max' : `${width},${height}`}` : `${width},`
    const url = `${this.#base}/${region}/${size}/0/default.jpg`
    return { left, top, right, bottom, factor, url }
  }
}

const maxKept = 400
const maxLoading = 6

/** The pictures of tiles: loaded a few at a time, those first that were asked for last, and forgotten when there are many. */
export class Pictures {
  readonly #kept = new Map<string, ImageBitmap>()
  readonly #loading = new Map<string, AbortController>()
  readonly #failed = new Set<string>()
  #wanted: readonly string[] = []
  readonly #onChange: () => void

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** The picture of a tile, where it is there. */
  find({ url }: Tile): ImageBitmap | undefined {
    const picture = this.#kept.get(url)
    if (picture) {
      this.#kept.delete(url)
      this.#kept.set(url, picture)
    }
    return picture
  }

  /** Says which tiles are wanted, the most wanted first; what is not any more is given up. */
  want(tiles: readonly Tile[]): void {
    this.#wanted = tiles.map(({ url }) => url).filter(url => !this.#kept.has(url) && !this.#failed.has(url))
    for (const [url, controller] of this.#loading) if (!this.#wanted.includes(url)) controller.abort()
    this.#fill()
  }

  /** How many are wanted and not there. */
  get missing(): number {
    return this.#wanted.length
  }

  #fill(): void {
    for (const url of this.#wanted) {
      if (this.#loading.size >= maxLoading) return
      if (!this.#loading.has(url)) void this.#load(url)
    }
  }

  async #load(url: string): Promise<void> {
    const controller = new AbortController()
    this.#loading.set(url, controller)
    try {
      const response = await fetch(url, { signal: controller.signal })
      if (!response.ok) throw new Error(String(response.status))
      this.#keep(url, await createImageBitmap(await response.blob()))
    } catch {
      if (!controller.signal.aborted) this.#failed.add(url)
    } finally {
      this.#loading.delete(url)
      this.#wanted = this.#wanted.filter(other => other !== url || controller.signal.aborted)
      this.#fill()
      this.#onChange()
    }
  }

  #keep(url: string, picture: ImageBitmap): void {
    this.#kept.set(url, picture)
    for (const [oldest, old] of this.#kept) {
      if (this.#kept.size <= maxKept) return
      this.#kept.delete(oldest)
      old.close()
    }
  }
}
