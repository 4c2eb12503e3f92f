/* The rows about region, size, rotation, quality and format (Image API 3.0 and 2.1 section 4). */
import type { Box, Dimensions } from '../protocol/geometry.js'
import type { ImageApiVersion } from '../protocol/version.js'
import { readList } from './info.js'
import type { Finding, Row } from './row.js'
import type { Subject } from './subject.js'
import { isPossible, verifyImage } from './verify.js'
import { chooseBox, formatBox, smallSize } from './wish.js'

type Wish = (subject: Subject) => readonly string[]

/** What a row about images has; the rest is the same for all of them. */
type ImageRow = Omit<Row, 'run' | 'skip' | 'importance'> & {
  /** The parameters that are asked for. */
  readonly wish: Wish
  readonly importance?: Row['importance']
}

const both = (section: string): Readonly<Record<ImageApiVersion, string>> => ({ 2: section, 3: section })

const part = (subject: Subject, parameters: (region: string, size: string) => string): readonly string[] => {
  if (!subject.promises({ feature: 'regionByPx' }))
    return [parameters('full', smallSize(subject, subject.size))]
  const box = chooseBox(subject.size)
  return [parameters(formatBox(box), smallSize(subject, box))]
}

/* A small part of the image, to be asked for larger than it is. */
const chooseSmallBox = ({ size }: Subject, divisor: number): Box => ({
  ...chooseBox(size),
  width: small(size.width, divisor),
  height: small(size.height, divisor),
})

const half = (side: number): number => Math.max(1, Math.floor(side / 2))
const small = (side: number, divisor: number): number =>
  Math.max(1, Math.min(300, Math.floor(side / divisor)))

const rows: readonly ImageRow[] = [
  {
    id: 'size-max',
    title: 'max gives all pixels, or as many as the limits allow',
    sections: { 3: '4.2' },
    says: 'the pixel dimensions of the region, unless constrained by maxWidth, maxHeight or maxArea',
    wish: () => ['full/max/0/default.jpg'],
  },
  {
    id: 'size-full',
    title: 'full gives all pixels',
    sections: { 2: '4.2' },
    says: 'the image or region is not scaled, and is returned at its full size',
    wish: () => ['full/full/0/default.jpg'],
  },
  {
    id: 'region-px',
    title: 'a region in pixels',
    sections: both('4.1'),
    says: 'x,y,w,h: the region of the full image in pixels',
    needs: { feature: 'regionByPx' },
    wish: subject => part(subject, (region, size) => `${region}/${size}/0/default.jpg`),
  },
  {
    id: 'region-px-edge',
    title: 'a region beyond the edge is cropped there',
    importance: 'SHOULD',
    sections: both('4.1'),
    says: 'a region which extends beyond the dimensions should be cropped at the edge, rather than adding empty space',
    needs: { feature: 'regionByPx' },
    wish: subject => {
      const { width, height } = subject.size
      const box = {
        x: half(width),
        y: half(height),
        width: width - half(width),
        height: height - half(height),
      }
      return [`${box.x},${box.y},${width},${height}/${smallSize(subject, box)}/0/default.jpg`]
    },
  },
  {
    id: 'region-pct',
    title: 'a region in percent',
    sections: both('4.1'),
    says: 'pct:x,y,w,h: the region in percentages of the dimensions of the full image, as decimals too',
    needs: { feature: 'regionByPct' },
    wish: subject => {
      const size = smallSize(subject, { width: half(subject.size.width), height: half(subject.size.height) })
      return [`pct:12.5,33.3,50,33.3/${size}/0/default.jpg`, `pct:25,25,50,50/${size}/0/default.jpg`]
    },
  },
  {
    id: 'region-square',
    title: 'square gives a square, as large as it can be',
    sections: both('4.1'),
    says: 'an area where the width and height are both equal to the length of the shorter dimension',
    needs: { feature: 'regionSquare' },
    wish: ({ size, promises, limits }) => {
      const side = Math.min(size.width, size.height)
      const width = Math.min(200, side, limits.maxWidth)
      return promises({ feature: 'sizeByW' })
        ? [`square/${width},/0/default.jpg`]
        : ['square/max/0/default.jpg']
    },
  },
  {
    id: 'size-w',
    title: 'a width, and the height that belongs to it',
    sections: both('4.2'),
    says: 'w,: the width of the returned image is exactly w, the aspect ratio is maintained',
    needs: { feature: 'sizeByW' },
    wish: ({ size }) => [`full/${small(size.width, 3)},/0/default.jpg`],
  },
  {
    id: 'size-h',
    title: 'a height, and the width that belongs to it',
    sections: both('4.2'),
    says: ',h: the height of the returned image is exactly h, the aspect ratio is maintained',
    needs: { feature: 'sizeByH' },
    wish: ({ size }) => [`full/,${small(size.height, 3)}/0/default.jpg`],
  },
  {
    id: 'size-pct',
    title: 'a size in percent',
    sections: both('4.2'),
    says: 'pct:n: width and height are scaled to n percent of those of the region',
    needs: { feature: 'sizeByPct' },
    wish: subject => {
      const percent = Math.min(50, Math.ceil(20_000 / Math.max(subject.size.width, subject.size.height)))
      return [`full/pct:${percent}/0/default.jpg`, `full/pct:${percent}.5/0/default.jpg`]
    },
  },
  {
    id: 'size-wh',
    title: 'a width and a height in the aspect of the image',
    sections: both('4.2'),
    says: 'w,h: the width and height of the returned image are exactly w and h',
    needs: { feature: 'sizeByWh' },
    wish: ({ size }) => [`full/${formatScaled(size, 4)}/0/default.jpg`],
  },
  {
    id: 'size-wh-distorted',
    title: 'a width and a height in another aspect',
    sections: both('4.2'),
    says: 'w,h: the aspect ratio may be different, resulting in a distorted image',
    needs: { feature: { 2: 'sizeByDistortedWh', 3: 'sizeByWh' } },
    wish: ({ size }) => [`full/${small(size.width, 2)},${small(size.height, 5)}/0/default.jpg`],
  },
  {
    id: 'size-confined',
    title: 'a box that the image is fitted into',
    sections: both('4.2'),
    says: '!w,h: not greater than w and h, the aspect ratio is maintained; in version 3 as large as possible',
    needs: { feature: 'sizeByConfinedWh' },
    wish: ({ size }) => [
      `full/!${small(size.width, 2)},${small(size.height, 4)}/0/default.jpg`,
      `full/!${small(size.width, 4)},${small(size.height, 2)}/0/default.jpg`,
    ],
  },
  {
    id: 'size-confined-large',
    title: 'a box larger than the image gives the image as it is, and no error',
    sections: { 3: '4.2' },
    says: '!w,h: as large as possible but not larger than the extracted region, w or h, or server-imposed limits',
    needs: { feature: 'sizeByConfinedWh' },
    wish: subject => {
      const box = chooseSmallBox(subject, 3)
      const size = `!${box.width + 100},${box.height + 100}`
      return subject.promises({ feature: 'regionByPx' }) ? [`${formatBox(box)}/${size}/0/default.jpg`] : []
    },
  },
  {
    id: 'size-enlarged',
    title: 'a size above that of the region, with a caret',
    sections: { 3: '4.2' },
    says: '^w,: if w is greater than the pixel width of the extracted region, the extracted region is upscaled',
    needs: { feature: 'sizeUpscaling' },
    wish: subject => {
      const box = chooseSmallBox(subject, 4)
      const sizes = [
        `^${box.width + 10},`,
        `^,${box.height + 10}`,
        '^pct:110',
        `^${box.width},${box.height + 10}`,
      ]
      return sizes.map(size => `${formatBox(box)}/${size}/0/default.jpg`)
    },
  },
  {
    id: 'size-enlarged-2',
    title: 'a size above that of the region',
    sections: { 2: '4.2' },
    says: 'the feature sizeAboveFull: size of images may be requested larger than the full size',
    needs: { feature: 'sizeAboveFull' },
    wish: subject => {
      const box = chooseSmallBox(subject, 4)
      return subject.promises({ feature: 'regionByPx' })
        ? [`${formatBox(box)}/${box.width + 10},/0/default.jpg`]
        : []
    },
  },
  {
    id: 'rotation-90s',
    title: 'quarter turns, clockwise',
    sections: both('4.3'),
    says: 'n: the degrees of clockwise rotation from 0 up to 360',
    needs: { feature: 'rotationBy90s' },
    wish: subject =>
      [90, 180, 270].flatMap(degrees =>
        part(subject, (region, size) => `${region}/${size}/${degrees}/default.jpg`),
      ),
  },
  {
    id: 'rotation-mirror',
    title: 'a mirror image, and one that is turned afterwards',
    sections: both('4.3'),
    says: '!n: the image is mirrored by reflection on the vertical axis before any rotation is applied',
    needs: { feature: 'mirroring' },
    wish: subject => [
      ...part(subject, (region, size) => `${region}/${size}/!0/default.jpg`),
      ...(subject.promises({ feature: 'rotationBy90s' })
        ? part(subject, (region, size) => `${region}/${size}/!90/default.jpg`)
        : []),
    ],
  },
  {
    id: 'rotation-arbitrary',
    title: 'any angle: the canvas grows, and nothing is cut off',
    sections: both('4.3'),
    says: 'the image should contain all of the contents, not be scaled, and have no additional space around it',
    needs: { feature: 'rotationArbitrary' },
    wish: subject => part(subject, (region, size) => `${region}/${size}/22.5/default.jpg`),
  },
  ...(['color', 'gray', 'bitonal'] as const).map(
    (quality): ImageRow => ({
      id: `quality-${quality}`,
      title: `the quality ${quality}`,
      sections: both('4.4'),
      says: 'color: all of its colour information; gray: in greyscale; bitonal: each pixel is either black or white',
      needs: { quality },
      wish: subject => part(subject, (region, size) => `${region}/${size}/0/${quality}.jpg`),
    }),
  ),
  {
    id: 'format-png',
    title: 'the format png',
    sections: both('4.5'),
    says: 'png is image/png',
    needs: { format: 'png' },
    wish: subject => part(subject, (region, size) => `${region}/${size}/0/default.png`),
  },
  {
    id: 'format-others',
    title: 'all other formats that info.json lists',
    sections: { 2: '4.5, 5.3', 3: '4.5, 5.7' },
    says: 'a format that is listed is supported, and has the media type of the table',
    wish: subject =>
      readList(subject.info, subject.version, 'formats')
        .filter(format => knownFormats.includes(format))
        .flatMap(format => part(subject, (region, size) => `${region}/${size}/0/default.${format}`)),
  },
  {
    id: 'encoded-comma',
    title: 'characters that need no encoding may be encoded',
    importance: 'SHOULD',
    sections: both('9'),
    says: 'percent-encoding other characters introduces no ambiguity but is unnecessary',
    needs: { feature: 'regionByPx' },
    wish: subject =>
      part(
        subject,
        (region, size) => `${region.replaceAll(',', '%2C')}/${size.replaceAll(',', '%2c')}/0/default.jpg`,
      ),
  },
]

const knownFormats: readonly string[] = ['tif', 'gif', 'jp2', 'pdf', 'webp', 'avif']

function formatScaled({ width, height }: Dimensions, divisor: number): string {
  const across = small(width, divisor)
  return `${across},${Math.max(1, Math.round((height * across) / width))}`
}

/** The rows. */
export const imageRows: readonly Row[] = rows.map(({ wish, importance = 'MUST', ...row }) => ({
  ...row,
  importance,
  skip: subject => explainSkip(subject, wish),
  async run(subject) {
    const findings: Finding[] = []
    for (const parameters of listPossible(subject, wish)) {
      findings.push(...(await verifyImage(subject, parameters)))
    }
    return findings
  },
}))

function listPossible(subject: Subject, wish: Wish): readonly string[] {
  return wish(subject).filter(parameters => isPossible(subject, parameters))
}

function explainSkip(subject: Subject, wish: Wish): string | undefined {
  if (wish(subject).length === 0) return 'the service offers nothing of the kind'
  return listPossible(subject, wish).length === 0
    ? 'the image is too small for it, or the limits forbid it'
    : undefined
}
