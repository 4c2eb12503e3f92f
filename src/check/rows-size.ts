/* The rows about the size (Image API 3.0 and 2.1 section 4.2). */
import type { Dimensions } from '../protocol/geometry.js'
import { both, buildImageRow, chooseSmallBox, type ImageRow, shrink } from './image-row.js'
import type { Row } from './row.js'
import { formatBox } from './wish.js'

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
    id: 'size-w',
    title: 'a width, and the height that belongs to it',
    sections: both('4.2'),
    says: 'w,: the width of the returned image is exactly w, the aspect ratio is maintained',
    needs: { feature: 'sizeByW' },
    wish: ({ size }) => [`full/${shrink(size.width, 3)},/0/default.jpg`],
  },
  {
    id: 'size-h',
    title: 'a height, and the width that belongs to it',
    sections: both('4.2'),
    says: ',h: the height of the returned image is exactly h, the aspect ratio is maintained',
    needs: { feature: 'sizeByH' },
    wish: ({ size }) => [`full/,${shrink(size.height, 3)}/0/default.jpg`],
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
    wish: ({ size }) => [`full/${shrink(size.width, 2)},${shrink(size.height, 5)}/0/default.jpg`],
  },
  {
    id: 'size-confined',
    title: 'a box that the image is fitted into',
    sections: both('4.2'),
    says: '!w,h: not greater than w and h, the aspect ratio is maintained; in version 3 as large as possible',
    needs: { feature: 'sizeByConfinedWh' },
    wish: ({ size }) => [
      `full/!${shrink(size.width, 2)},${shrink(size.height, 4)}/0/default.jpg`,
      `full/!${shrink(size.width, 4)},${shrink(size.height, 2)}/0/default.jpg`,
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
]

function formatScaled({ width, height }: Dimensions, divisor: number): string {
  const across = shrink(width, divisor)
  return `${across},${Math.max(1, Math.round((height * across) / width))}`
}

/** The rows. */
export const sizeRows: readonly Row[] = rows.map(buildImageRow)
