/* The rows about region, rotation, quality and format (Image API 3.0 and 2.1 section 4). */
import { askPart, both, buildImageRow, type ImageRow } from './image-row.js'
import { readList } from './info.js'
import type { Row } from './row.js'
import { smallSize } from './wish.js'

const half = (side: number): number => Math.max(1, Math.floor(side / 2))

const rows: readonly ImageRow[] = [
  {
    id: 'region-px',
    title: 'a region in pixels',
    sections: both('4.1'),
    says: 'x,y,w,h: the region of the full image in pixels',
    needs: { feature: 'regionByPx' },
    wish: subject => askPart(subject, (region, size) => `${region}/${size}/0/default.jpg`),
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
    says: 'width and height are both equal to the shorter dimension; where it lies in the longer one is up to the server',
    needs: { feature: 'regionSquare' },
    wish: subject => {
      const side = Math.min(subject.size.width, subject.size.height)
      return [`square/${smallSize(subject, { width: side, height: side })}/0/default.jpg`]
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
        askPart(subject, (region, size) => `${region}/${size}/${degrees}/default.jpg`),
      ),
  },
  {
    id: 'rotation-mirror',
    title: 'a mirror image, and one that is turned afterwards',
    sections: both('4.3'),
    says: '!n: the image is mirrored by reflection on the vertical axis before any rotation is applied',
    needs: { feature: 'mirroring' },
    wish: subject => [
      ...askPart(subject, (region, size) => `${region}/${size}/!0/default.jpg`),
      ...(subject.promises({ feature: 'rotationBy90s' })
        ? askPart(subject, (region, size) => `${region}/${size}/!90/default.jpg`)
        : []),
    ],
  },
  {
    id: 'rotation-arbitrary',
    title: 'any angle: the canvas grows, and nothing is cut off',
    sections: both('4.3'),
    says: 'the image should contain all of the contents, not be scaled, and have no additional space around it',
    needs: { feature: 'rotationArbitrary' },
    wish: subject => askPart(subject, (region, size) => `${region}/${size}/22.5/default.jpg`),
  },
  ...(['color', 'gray', 'bitonal'] as const).map(
    (quality): ImageRow => ({
      id: `quality-${quality}`,
      title: `the quality ${quality}`,
      sections: both('4.4'),
      says: 'color: all of its colour information; gray: in greyscale; bitonal: each pixel is either black or white',
      needs: { quality },
      wish: subject => askPart(subject, (region, size) => `${region}/${size}/0/${quality}.jpg`),
    }),
  ),
  {
    id: 'format-png',
    title: 'the format png',
    sections: both('4.5'),
    says: 'png is image/png',
    needs: { format: 'png' },
    wish: subject => askPart(subject, (region, size) => `${region}/${size}/0/default.png`),
  },
  {
    id: 'format-others',
    title: 'all other formats that info.json lists',
    sections: { 2: '4.5, 5.3', 3: '4.5, 5.7' },
    says: 'a format that is listed is supported, and has the media type of the table',
    wish: subject =>
      readList(subject.info, subject.version, 'formats')
        .filter(format => knownFormats.includes(format))
        .flatMap(format => askPart(subject, (region, size) => `${region}/${size}/0/default.${format}`)),
  },
  {
    id: 'encoded-comma',
    title: 'characters that need no encoding may be encoded',
    importance: 'SHOULD',
    sections: both('9'),
    says: 'percent-encoding other characters introduces no ambiguity but is unnecessary',
    needs: { feature: 'regionByPx' },
    wish: subject =>
      askPart(
        subject,
        (region, size) => `${region.replaceAll(',', '%2C')}/${size.replaceAll(',', '%2c')}/0/default.jpg`,
      ),
  },
]

const knownFormats: readonly string[] = ['tif', 'gif', 'jp2', 'pdf', 'webp', 'avif']

/** The rows. */
export const imageRows: readonly Row[] = rows.map(buildImageRow)
