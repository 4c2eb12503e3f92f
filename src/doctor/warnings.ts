/* What makes an image dear to serve, or may surprise: one row for each warning, in the order in which they are told. */
import type { Warning } from './diagnosis.js'
import type { ImageFacts } from './facts.js'

/** Beyond this a tile is more than a viewer asks for at once. */
const hugeSide = 1024
/** Images up to this side are small as a whole. */
const smallSide = 1024
/** Larger profiles do not travel with each tile. */
const maxTileProfileBytes = 4096

type Row = readonly [code: Warning['code'], explain: (facts: ImageFacts) => string | undefined]

const rows: readonly Row[] = [
  [
    'compression',
    ({ stored, isKnownCompression }) =>
      isKnownCompression ? undefined : `its compression (${stored.compression}) may not be readable here`,
  ],
  [
    'no-tiles',
    ({ stored }) =>
      isLarge(stored) && stored.tile === undefined && stored.stripRows === undefined
        ? `it is one piece of ${stored.compression}: every tile decodes it from the top`
        : undefined,
  ],
  [
    'progressive',
    ({ stored, description }) =>
      description.isProgressive && isLarge(stored)
        ? 'it is stored in passes: every tile decodes all of it, and holds all of it in memory'
        : undefined,
  ],
  [
    'strips',
    ({ stored }) =>
      stored.stripRows !== undefined && isLarge(stored)
        ? `it is stored in strips of ${stored.stripRows} rows: every tile decodes the whole width`
        : undefined,
  ],
  [
    'huge-tiles',
    ({ stored: { tile } }) =>
      tile && Math.max(tile.width, tile.height) > hugeSide
        ? `its tiles have ${tile.width} × ${tile.height} pixels, of which a viewer wants a part`
        : undefined,
  ],
  [
    'no-pyramid',
    ({ stored }) =>
      stored.levels === 1 && isLarge(stored) && stored.tile
        ? 'it has no smaller sizes: every view of the whole decodes all of it'
        : undefined,
  ],
  ['gaps', explainGaps],
  [
    'decoded-tiles',
    ({ stored }) =>
      stored.tile && stored.sentAs !== 'jpg'
        ? `its tiles (${stored.compression}) are decoded and written anew for every request for JPEG`
        : undefined,
  ],
  [
    'turned',
    ({ stored }) =>
      stored.orientation === 1
        ? undefined
        : `it is turned while it is served (orientation ${stored.orientation})`,
  ],
  [
    'cmyk',
    ({ description: { colour } }) =>
      colour === 'cmyk' || colour === 'lab'
        ? `its colours (${colour === 'lab' ? 'Lab' : 'CMYK'}) are converted for every request`
        : undefined,
  ],
  [
    'large-profile',
    ({ stored: { profile } }) =>
      profile && !profile.isSrgb && profile.bytes > maxTileProfileBytes
        ? `its ICC profile has ${profile.bytes} bytes, too many to be sent with each tile`
        : undefined,
  ],
  ['sparse', ({ isSparse }) => (isSparse ? 'some of its tiles are not stored' : undefined)],
  [
    'pages',
    ({ stored }) => (stored.pages > 1 ? `it holds ${stored.pages} images; the first is served` : undefined),
  ],
]

/** Lists what to warn of. */
export function listWarnings(facts: ImageFacts): Warning[] {
  return rows.flatMap(([code, explain]) => {
    const message = explain(facts)
    return message === undefined ? [] : [{ code, message }]
  })
}

/** Whether an image is large enough for tiles to matter. */
export function isLarge({ width, height }: { readonly width: number; readonly height: number }): boolean {
  return Math.max(width, height) > smallSide
}

/* Between two levels that are far apart, the larger one is scaled down for what lies between. */
function explainGaps({ description: { levels }, stored }: ImageFacts): string | undefined {
  if (levels.length === 1) return undefined
  const factors = levels.map(({ scaleFactor }) => scaleFactor)
  const last = levels[levels.length - 1] ?? levels[0]
  const isGap = factors.some((factor, index) => factor / (factors[index - 1] ?? factor) > 4)
  if (isGap) return 'its stored sizes are far apart: what lies between is scaled down from a much larger one'
  return isLarge(last) && isLarge(stored)
    ? `its smallest stored size still has ${last.width} × ${last.height} pixels`
    : undefined
}
