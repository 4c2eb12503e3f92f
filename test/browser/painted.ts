/* A picture that tells of every pixel where it is from, and the check that a viewer shows it: where on a screenshot it is is
   found from its colours, and then all that is there is compared with it. */
import sharp from 'sharp'

/** How large the picture is. */
export const width = 4096
export const height = 3072

/** The side of the squares that its blue forms, in pixels. */
const square = 256

/** Red tells of the column, green of the row; blue makes squares. */
function colourAt(x: number, y: number): readonly [number, number, number] {
  const isLight = (Math.floor(x / square) + Math.floor(y / square)) % 2 === 1
  return [40 + (175 * x) / width, 40 + (175 * y) / height, isLight ? 190 : 70]
}

/** Paints it as a pyramid of JPEG tiles of 256 pixels. */
export async function paintPyramid(): Promise<Buffer> {
  const data = Buffer.alloc(width * height * 3)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) data.set(colourAt(x, y), (y * width + x) * 3)
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .tiff({ compression: 'jpeg', quality: 92, tile: true, tileWidth: 256, tileHeight: 256, pyramid: true })
    .toBuffer()
}

/** A rectangle on a screenshot. */
export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** How a picture is seen on a screenshot. */
export interface Sight {
  /** How many pixels of the screen one pixel of the picture takes. */
  readonly scale: number
  /** Which part of the pixels of the screen, where the picture should be, are as they should be; up to 1. */
  readonly match: number
  /** Which part of the area the picture takes; up to 1. */
  readonly coverage: number
}

interface Line {
  readonly slope: number
  readonly start: number
}

/**
 * Looks for the picture in an area of a screenshot.
 *
 * @returns `undefined` where it is not to be seen
 */
export async function look(screenshot: Buffer, area: Area): Promise<Sight | undefined> {
  const { data, info } = await sharp(screenshot).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const pixel = (x: number, y: number) =>
    data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)
  const across: [number, number][] = []
  const down: [number, number][] = []
  for (let y = area.y; y < area.y + area.height; y += 7) {
    for (let x = area.x; x < area.x + area.width; x += 7) {
      const [red = 0, green = 0, blue = 0] = pixel(x, y)
      if (Math.min(Math.abs(blue - 70), Math.abs(blue - 190)) > 12) continue
      across.push([x, ((red - 40) * width) / 175])
      down.push([y, ((green - 40) * height) / 175])
    }
  }
  const [columns, rows] = [findLine(across), findLine(down)]
  if (columns === undefined || rows === undefined) return undefined
  let [inside, same] = [0, 0]
  for (let y = area.y; y < area.y + area.height; y += 3) {
    for (let x = area.x; x < area.x + area.width; x += 3) {
      const [column, row] = [columns.start + columns.slope * x, rows.start + rows.slope * y]
      if (column < 0 || row < 0 || column >= width || row >= height) continue
      inside += 1
      if (isNear(pixel(x, y), column, row, columns.slope)) same += 1
    }
  }
  const total = Math.ceil(area.width / 3) * Math.ceil(area.height / 3)
  return { scale: 1 / columns.slope, match: same / Math.max(inside, 1), coverage: inside / total }
}

/* The line through most points: by the medians of its ends first, then by least squares without what is far from it. */
function findLine(points: readonly (readonly [number, number])[]): Line | undefined {
  if (points.length < 500) return undefined
  const sorted = points.toSorted(([a], [b]) => a - b)
  const third = Math.floor(sorted.length / 3)
  const [lower, upper] = [sorted.slice(0, third), sorted.slice(-third)].map(part => ({
    at: median(part.map(([at]) => at)),
    value: median(part.map(([, value]) => value)),
  }))
  if (!lower || !upper || upper.at === lower.at) return undefined
  const slope = (upper.value - lower.value) / (upper.at - lower.at)
  const first = { slope, start: lower.value - slope * lower.at }
  const line = fitLine(points.filter(([at, value]) => Math.abs(first.start + slope * at - value) < 150))
  return line && line.slope > 0 ? line : undefined
}

function fitLine(points: readonly (readonly [number, number])[]): Line | undefined {
  if (points.length < 500) return undefined
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [at, value] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const slope =
    mean(points.map(([x, y]) => (x - at) * (y - value))) / mean(points.map(([x]) => (x - at) ** 2))
  return { slope, start: value - slope * at }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/* At the edges of squares, and as wide as a pixel of the screen and what JPEG blurs, blue may be anything between. */
function isNear(found: Uint8Array, column: number, row: number, slope: number): boolean {
  const [red, green, blue] = colourAt(column, row)
  const edge = 6 + 3 * slope
  const isEdge = [column, row].some(at => at % square < edge || square - (at % square) < edge)
  return (
    Math.abs((found[0] ?? 0) - red) < 8 &&
    Math.abs((found[1] ?? 0) - green) < 8 &&
    (isEdge || Math.abs((found[2] ?? 0) - blue) < 16)
  )
}
