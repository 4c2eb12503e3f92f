/* Text as a drawing: how large it is, where its lines break, and the SVG that librsvg draws. The same fonts measure and
   draw it: those that fontconfig finds on this machine. */
import sharp from 'sharp'
import type { Dimensions } from '../protocol/geometry.js'
import type { Colour } from './check.js'
import type { TextOverlay, TextStyle } from './overlay.js'
import type { OverlayTone } from './overlay-plan.js'

/** Text with its lines broken and its size chosen. */
export interface TextLayout extends Dimensions {
  /** The lines. */
  readonly lines: readonly string[]
  /** The size of the font. */
  readonly size: number
}

/** How wide words are, in sizes of their font. */
export interface TextMeasure {
  /** The width of a line. */
  widthOf(line: string): number
}

/** From one line to the next, in sizes of the font: room for accents above and tails below. */
const lineHeight = 1.25

/** From the top of a line to the foot of its letters. */
const baseline = 0.95

/** Between the text and the edges of its surface. */
const padding = 0.2

/** How much smaller each try is where text does not fit. */
const shrinkStep = 0.95

const measuredSize = 100

/**
 * Measures the words of a text.
 *
 * @throws Error when the machine has no fonts.
 */
export async function measureText({ lines, style }: TextOverlay): Promise<TextMeasure> {
  const words = [...new Set(lines.flatMap(line => line.split(' ')))]
  const [letter, bars, spaced, ...others] = await Promise.all(
    ['M', '||', '| |', ...words.map(word => `|${word}|`)].map(text => measureInk(text, style)),
  )
  // Without fonts, pango draws small boxes.
  if (letter === undefined || letter.height < measuredSize / 3) throw new Error('text: there are no fonts')
  // Between two bars, what stands at the ends of a word counts too.
  const between = (ink: Dimensions | undefined) => ((ink?.width ?? 0) - (bars?.width ?? 0)) / measuredSize
  const space = between(spaced)
  const widths = new Map(words.map((word, index) => [word, between(others[index])]))
  return {
    widthOf(line) {
      const parts = line.split(' ')
      return parts.reduce((sum, word) => sum + (widths.get(word) ?? 0), (parts.length - 1) * space)
    },
  }
}

async function measureInk(text: string, { font, bold }: TextStyle): Promise<Dimensions> {
  const { width, height } = await sharp({
    text: {
      text: escapeXml(text),
      font: `${font},${bold ? ' Bold' : ''} ${measuredSize}`,
      dpi: 72,
      wrap: 'none',
    },
  }).metadata()
  return { width, height }
}

/**
 * Breaks lines and chooses the size: the largest, no larger than wanted, that fits into `room`; where none does, the
 * smallest. Without a room, as it is.
 */
export function layOutText(overlay: TextOverlay, measure: TextMeasure, room?: Dimensions): TextLayout {
  const { size, minSize, wrap, lines } = overlay
  for (let tried = size; ; tried = Math.max(minSize, tried * shrinkStep)) {
    const most = room && wrap ? (room.width - 2 * marginOf(overlay, tried)) / tried : Infinity
    const broken = lines.flatMap(line => breakLine(line, most, measure))
    const layout = { ...sizeText(overlay, broken, tried, measure), lines: broken, size: tried }
    const fits = room === undefined || (layout.width <= room.width && layout.height <= room.height)
    if (fits || tried <= minSize) return layout
  }
}

function marginOf({ style }: TextOverlay, size: number): number {
  return style.stroke.width + padding * size
}

function sizeText(
  overlay: TextOverlay,
  lines: readonly string[],
  size: number,
  { widthOf }: TextMeasure,
): Dimensions {
  const margin = 2 * marginOf(overlay, size)
  const width = Math.max(...lines.map(widthOf)) * size + margin
  return { width, height: lines.length * lineHeight * size + margin }
}

function breakLine(line: string, most: number, { widthOf }: TextMeasure): readonly string[] {
  const lines: string[] = []
  let current: string | undefined
  for (const word of line.split(' ')) {
    const longer: string = current === undefined ? word : `${current} ${word}`
    if (current !== undefined && widthOf(longer) > most) {
      lines.push(current)
      current = word
    } else {
      current = longer
    }
  }
  return [...lines, current ?? '']
}

const anchors = {
  left: { anchor: 'start', at: 0 },
  middle: { anchor: 'middle', at: 0.5 },
  right: { anchor: 'end', at: 1 },
} as const

function alignmentOf({ position }: TextOverlay): keyof typeof anchors {
  if (position.endsWith('left')) return 'left'
  return position.endsWith('right') ? 'right' : 'middle'
}

/** Writes text as an SVG of a size in whole pixels. */
export function formatTextSvg(
  overlay: TextOverlay,
  layout: TextLayout,
  target: Dimensions,
  tone: OverlayTone,
): string {
  const { font, bold, colour, stroke, background } = toReadableStyle(overlay.style, layout.size, tone)
  const margin = marginOf(overlay, layout.size)
  const { anchor, at } = anchors[alignmentOf(overlay)]
  const x = margin + at * (layout.width - 2 * margin)
  const lines = layout.lines.map((line, index) => {
    const y = margin + (index * lineHeight + baseline) * layout.size
    return `<text x="${x}" y="${y}">${escapeXml(line)}</text>`
  })
  const surface = background ? `<rect width="100%" height="100%" fill="${formatColour(background)}"/>` : ''
  // Half of a stroke lies under the letter that is painted over it.
  const line =
    stroke.width > 0 ? ` stroke="${formatColour(stroke.colour)}" stroke-width="${2 * stroke.width}"` : ''
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${target.width}" height="${target.height}" viewBox="0 0 ${layout.width} ${layout.height}" preserveAspectRatio="none">${surface}<g font-family="${escapeXml(formatFamilies(font))}" font-size="${layout.size}" font-weight="${bold ? 'bold' : 'normal'}" text-anchor="${anchor}" fill="${formatColour(colour)}"${line} stroke-linejoin="round" paint-order="stroke" xml:space="preserve">${lines.join('')}</g></svg>`
}

/* The names of families are strings, but for the generic ones. */
function formatFamilies(font: string): string {
  return font
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
    .map(name => (/^(?:sans-serif|serif|monospace|cursive|fantasy)$/.test(name) ? name : `'${name}'`))
    .join(', ')
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

function formatColour({ r, g, b }: Colour): string {
  return `rgb(${r},${g},${b})`
}

const black: Colour = { r: 0, g: 0, b: 0 }
const white: Colour = { r: 255, g: 255, b: 255 }

/* Colours that differ may be the same grey; and where there are two colours only, letters need one and whatever is
   around them the other. */
function toReadableStyle(style: TextStyle, size: number, tone: OverlayTone): TextStyle {
  if (tone === 'rgb') return style
  const { colour, stroke, background } = style
  const isLight = lightness(colour) >= 128
  const contrast = isLight ? black : white
  if (tone === 'bitonal') {
    const width = background ? stroke.width : Math.max(stroke.width, size / 16)
    const letters = isLight ? white : black
    return {
      ...style,
      colour: letters,
      stroke: { colour: contrast, width },
      ...(background ? { background: contrast } : {}),
    }
  }
  const apart = (other: Colour) => (Math.abs(lightness(colour) - lightness(other)) < 96 ? contrast : other)
  return {
    ...style,
    stroke: { ...stroke, colour: apart(stroke.colour) },
    ...(background ? { background: apart(background) } : {}),
  }
}

/* Rec. 601, near enough for telling light from dark. */
function lightness({ r, g, b }: Colour): number {
  return 0.299 * r + 0.587 * g + 0.114 * b
}
