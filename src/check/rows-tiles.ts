/* The rows about what viewers ask for: the sizes and tiles that info.json lists (Image API 3.0 sections 5.3, 5.4 and the
   implementation notes; 2.1 section 5.2 and appendix A). */
import type { Dimensions } from '../protocol/geometry.js'
import { listTileGrid, type Tile } from '../protocol/tiles.js'
import { readRecords, readWhole } from './info.js'
import type { Finding, Row } from './row.js'
import type { Subject } from './subject.js'
import { verifyImage } from './verify.js'
import { formatBox } from './wish.js'

/** So many sizes are asked for at the most, and so many tiles of each scale factor. */
const maxSizes = 8
const maxFactors = 8
/** Larger ones are too much to ask of a server just to see whether it gives them. */
const maxSizePixels = 25_000_000

/** The rows. */
export const tileRows: readonly Row[] = [
  {
    id: 'sizes-served',
    title: 'every size that info.json lists is served, to the pixel',
    importance: 'MUST',
    sections: { 2: 'compliance 3.2', 3: '5.3' },
    says: 'a request constructed with the w,h syntax using these sizes must be supported by the server',
    skip: subject => (listSizes(subject).length === 0 ? 'info.json lists no sizes' : undefined),
    run: subject => verifySizes(subject, formOf(subject)),
  },
  {
    id: 'sizes-served-wh',
    title: 'every size that info.json lists is served in the form w,h, too',
    importance: 'SHOULD',
    sections: { 2: '5.2' },
    says: 'for maximum compatibility, servers should support both the w, and w,h forms for sizes that are listed',
    skip: subject => (listSizes(subject).length === 0 ? 'info.json lists no sizes' : undefined),
    run: subject => verifySizes(subject, 'w,h'),
  },
  {
    id: 'tiles-served',
    title: 'tiles are served at every scale factor, those at the edges too',
    importance: 'MUST',
    sections: { 2: '5.2, appendix A', 3: '5.4, implementation notes' },
    says: 'sizes implicit in the width, height and scaleFactors given for tiles must be supported',
    skip: subject => (listFactors(subject).length === 0 ? 'info.json lists no tiles' : undefined),
    run: async subject => {
      const findings: Finding[] = []
      for (const { region, size } of listFactors(subject).flatMap(one => chooseTiles(subject.size, one))) {
        const isWhole = region.width === subject.size.width && region.height === subject.size.height
        const part = isWhole ? 'full' : formatBox(region)
        findings.push(...(await verifyListed(subject, part, size, formOf(subject))))
      }
      return findings
    },
  },
]

/** How a size is asked for that info.json lists. */
type SizeForm = 'w,' | 'w,h'

/* 2.1 section 5.2: sizes should be requested in the canonical syntax, which is w, there. */
function formOf({ version }: Subject): SizeForm {
  return version === 3 ? 'w,h' : 'w,'
}

/* Where the width alone is asked for, the height is the server's to round. */
function verifyListed(
  subject: Subject,
  region: string,
  size: Dimensions,
  form: SizeForm,
): Promise<Finding[]> {
  const text = form === 'w,h' ? `${size.width},${size.height}` : `${size.width},`
  return verifyImage(subject, `${region}/${text}/0/default.jpg`, form === 'w,h' ? { size } : {})
}

async function verifySizes(subject: Subject, form: SizeForm): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const size of listSizes(subject)) findings.push(...(await verifyListed(subject, 'full', size, form)))
  return findings
}

function listSizes({ info }: Subject): Dimensions[] {
  return readRecords(info, 'sizes')
    .flatMap(entry => {
      const [width, height] = [readWhole(entry.width), readWhole(entry.height)]
      return width !== undefined && height !== undefined && width * height <= maxSizePixels
        ? [{ width, height }]
        : []
    })
    .slice(0, maxSizes)
}

interface Factor {
  readonly tile: Dimensions
  readonly factor: number
}

function listFactors({ info }: Subject): Factor[] {
  return readRecords(info, 'tiles')
    .flatMap(entry => {
      const [width, height] = [readWhole(entry.width), readWhole(entry.height ?? entry.width)]
      const factors = [entry.scaleFactors].flat().map(readWhole)
      if (width === undefined || height === undefined) return []
      return factors.flatMap(factor => (factor === undefined ? [] : [{ tile: { width, height }, factor }]))
    })
    .slice(0, maxFactors)
}

/* The first one, one in the middle, and the last one, which is cut on two sides. */
function chooseTiles(full: Dimensions, { tile, factor }: Factor): Tile[] {
  const columns = Math.ceil(full.width / (tile.width * factor))
  const rows = Math.ceil(full.height / (tile.height * factor))
  const wanted = [0, Math.floor(rows / 2) * columns + Math.floor(columns / 2), rows * columns - 1]
  const chosen: Tile[] = []
  let index = 0
  for (const found of listTileGrid(full, tile, factor)) {
    if (wanted.includes(index)) chosen.push(found)
    if (index >= rows * columns - 1) break
    index += 1
  }
  return chosen
}
