/* Pictures of ten by ten cells, each cell with its own colour, made at run time; and the oracle that says which colour
   must be where in an answer. It knows nothing of the code that it judges. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { expect } from 'vitest'

export interface Dimensions {
  readonly width: number
  readonly height: number
}

export interface Box extends Dimensions {
  readonly x: number
  readonly y: number
}

export interface Pixels extends Dimensions {
  readonly data: Uint8Array
  readonly channels: number
}

export type Colour = readonly [red: number, green: number, blue: number]

export function cellColour(column: number, row: number): Colour {
  return [15 + column * 24, 15 + row * 24, 128]
}

/** The picture, scaled up from one pixel for each cell, so that cells are flat and their edges are sharp. */
export function cells(size: Dimensions): Sharp {
  const data = new Uint8Array(300)
  for (let cell = 0; cell < 100; cell += 1) data.set(cellColour(cell % 10, Math.floor(cell / 10)), cell * 3)
  const small = sharp(data, { raw: { width: 10, height: 10, channels: 3 } })
  return small.resize(size.width, size.height, { kernel: 'nearest', fit: 'fill' })
}

export const sizes = {
  'grid.png': { width: 1000, height: 1000 },
  '600x400.png': { width: 600, height: 400 },
  '300x200.png': { width: 300, height: 200 },
  '200x200.png': { width: 200, height: 200 },
  '1000x667.png': { width: 1000, height: 667 },
  '1000x3.png': { width: 1000, height: 3 },
  '6000x4000.png': { width: 6000, height: 4000 },
  'photo.jpg': { width: 300, height: 200 },
  'gray.png': { width: 300, height: 200 },
  'alpha.png': { width: 300, height: 200 },
  'deep.png': { width: 300, height: 200 },
  'cmyk.jpg': { width: 300, height: 200 },
  'pyramid.tif': { width: 1001, height: 701 },
  'exif1.jpg': { width: 120, height: 80 },
  'exif2.jpg': { width: 120, height: 80 },
  'exif3.jpg': { width: 120, height: 80 },
  'exif4.jpg': { width: 120, height: 80 },
  'exif5.jpg': { width: 120, height: 80 },
  'exif6.jpg': { width: 120, height: 80 },
  'exif7.jpg': { width: 120, height: 80 },
  'exif8.jpg': { width: 120, height: 80 },
} as const satisfies Record<string, Dimensions>

export type PictureName = keyof typeof sizes

export async function writePicture(folder: string, name: PictureName): Promise<void> {
  await writeFile(join(folder, name), await encodePicture(name))
}

async function encodePicture(name: PictureName): Promise<Uint8Array> {
  const size = sizes[name]
  const orientation = /^exif(\d)/.exec(name)?.[1]
  if (orientation !== undefined) return storeTurned(cells(size), Number(orientation))
  const picture = cells(size)
  switch (name) {
    case 'photo.jpg':
      return picture.jpeg({ quality: 95 }).toBuffer()
    case 'gray.png':
      return picture.grayscale().toColourspace('b-w').png().toBuffer()
    case 'alpha.png':
      return addAlpha(picture)
    case 'deep.png':
      return picture.toColourspace('rgb16').png().toBuffer()
    case 'cmyk.jpg':
      return picture.toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()
    case 'pyramid.tif':
      return picture
        .tiff({
          compression: 'jpeg',
          quality: 95,
          tile: true,
          tileWidth: 128,
          tileHeight: 128,
          pyramid: true,
        })
        .toBuffer()
    default:
      return picture.png({ compressionLevel: 1 }).toBuffer()
  }
}

/** The left half is opaque, the right half is not there. */
async function addAlpha(picture: Sharp): Promise<Uint8Array> {
  const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  for (let at = 3; at < data.length; at += 4) {
    if (((at - 3) / 4) % info.width >= info.width / 2) data[at] = 0
  }
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 4 } })
    .png()
    .toBuffer()
}

/* What EXIF 2.32 says of tag 0x0112: the side of the scene at which the 0th row lies, and that of the 0th column. */
const storedSides: readonly (readonly [string, string])[] = [
  ['top', 'left'],
  ['top', 'right'],
  ['bottom', 'right'],
  ['bottom', 'left'],
  ['left', 'top'],
  ['right', 'top'],
  ['right', 'bottom'],
  ['left', 'bottom'],
]

/** Stores an upright picture so that the EXIF orientation is needed to see it. */
export async function storeTurned(upright: Sharp, orientation: number): Promise<Uint8Array> {
  const { data, info } = await upright.raw().toBuffer({ resolveWithObject: true })
  const sides = storedSides[orientation - 1]!
  const isLying = sides[0] === 'left' || sides[0] === 'right'
  const [width, height] = isLying ? [info.height, info.width] : [info.width, info.height]
  const stored = Buffer.alloc(data.length)
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const [x, y] = isLying ? [row, column] : [column, row]
      const seenX = sides.includes('right') ? info.width - 1 - x : x
      const seenY = sides.includes('bottom') ? info.height - 1 - y : y
      data.copy(
        stored,
        (row * width + column) * 3,
        (seenY * info.width + seenX) * 3,
        (seenY * info.width + seenX) * 3 + 3,
      )
    }
  }
  return sharp(stored, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .withMetadata({ orientation })
    .toBuffer()
}

/** What an answer must show. */
export interface View {
  /** The full picture. */
  readonly picture: Dimensions
  /** The part of it. @defaultValue all of it */
  readonly region?: Box
  /** What the part is scaled to, before it is turned. */
  readonly size: Dimensions
  readonly mirror?: boolean
  /** Clockwise, any angle. */
  readonly degrees?: number
}

export async function decode(bytes: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(bytes).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

export function pixelAt({ data, width, channels }: Pixels, x: number, y: number): number[] {
  const at = (y * width + x) * channels
  const samples = [...data.subarray(at, at + channels)]
  return channels < 3 ? [samples[0]!, samples[0]!, samples[0]!, ...samples.slice(1)] : samples
}

/** The largest difference between two colours; alpha is left out. */
export function distance(a: readonly number[], b: readonly number[]): number {
  return Math.max(...[0, 1, 2].map(band => Math.abs(a[band]! - b[band]!)))
}

/* Far less than the 24 between neighbours, far more than what JPEG does to the middle of a flat cell. */
const tolerance = 9
/* Cells of fewer pixels than this have no middle that scaling has left alone. */
const smallestCell = 5

/** Checks the dimensions of an image, and the middle of every cell that it must show. */
export async function expectView(bytes: Uint8Array, view: View): Promise<void> {
  const { picture, size, mirror = false, degrees = 0 } = view
  const region = view.region ?? { x: 0, y: 0, ...picture }
  const pixels = await decode(bytes)
  const canvas = turnCanvas(size, degrees)
  // At odd angles the canvas has no whole size, and any rounding of it will do.
  const slack = degrees % 90 === 0 ? 0 : 1
  expect(
    Math.abs(pixels.width - canvas.width),
    `width ${pixels.width}, not ${canvas.width}`,
  ).toBeLessThanOrEqual(slack)
  expect(
    Math.abs(pixels.height - canvas.height),
    `height ${pixels.height}, not ${canvas.height}`,
  ).toBeLessThanOrEqual(slack)
  let checked = 0
  for (let cell = 0; cell < 100; cell += 1) {
    const middle = scaledMiddle(cell, picture, region, size)
    if (middle === undefined) continue
    const x = (mirror ? size.width - middle.x : middle.x) - size.width / 2
    const y = middle.y - size.height / 2
    const angle = (degrees * Math.PI) / 180
    const seen = pixelAt(
      pixels,
      Math.floor(pixels.width / 2 + x * Math.cos(angle) - y * Math.sin(angle)),
      Math.floor(pixels.height / 2 + x * Math.sin(angle) + y * Math.cos(angle)),
    )
    const colour = cellColour(cell % 10, Math.floor(cell / 10))
    expect(distance(seen, colour), `cell ${cell}: saw ${seen}, expected ${colour}`).toBeLessThanOrEqual(
      tolerance,
    )
    checked += 1
  }
  expect(checked, 'no cell is large enough to be checked').toBeGreaterThan(0)
}

function turnCanvas({ width, height }: Dimensions, degrees: number): Dimensions {
  const angle = (degrees * Math.PI) / 180
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))]
  return { width: Math.round(width * cos + height * sin), height: Math.round(width * sin + height * cos) }
}

/** Where the middle of what is seen of a cell lies in the scaled region. */
function scaledMiddle(cell: number, picture: Dimensions, region: Box, size: Dimensions) {
  const [left, right] = span(
    (cell % 10) * (picture.width / 10),
    picture.width / 10,
    region.x,
    region.width,
    size.width,
  )
  const [top, bottom] = span(
    Math.floor(cell / 10) * (picture.height / 10),
    picture.height / 10,
    region.y,
    region.height,
    size.height,
  )
  if (right - left < smallestCell || bottom - top < smallestCell) return undefined
  return { x: (left + right) / 2, y: (top + bottom) / 2 }
}

function span(start: number, length: number, from: number, extent: number, scaled: number): [number, number] {
  const first = Math.max(start, from) - from
  const end = Math.min(start + length, from + extent) - from
  return [(first * scaled) / extent, (end * scaled) / extent]
}
