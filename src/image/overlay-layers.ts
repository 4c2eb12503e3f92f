/* From a drawn overlay to what is laid over one response: where its copies lie on the canvas, and the parts of them that
   are seen, cut at whole pixels. */
import sharp from 'sharp'
import type { Box, Dimensions } from '../protocol/geometry.js'
import { turnBox } from './orientation.js'
import type { OverlayPosition, ResolvedPlacement } from './overlay.js'
import type { OverlayPlan } from './overlay-plan.js'
import type { Raster } from './overlay-raster.js'
import { createSlices } from './slices.js'

/** Pixels that are laid over others. */
export interface Layer extends Box {
  /** Red, green, blue and alpha. */
  readonly data: Uint8Array
}

/** The nine places as shares of the room that is left. */
const shares: Readonly<Record<Exclude<OverlayPosition, 'repeat'>, readonly [x: number, y: number]>> = {
  'top-left': [0, 0],
  top: [0.5, 0],
  'top-right': [1, 0],
  left: [0, 0.5],
  center: [0.5, 0.5],
  right: [1, 0.5],
  'bottom-left': [0, 1],
  bottom: [0.5, 1],
  'bottom-right': [1, 1],
  scaled: [0.5, 0.5],
}

/**
 * The size on the canvas of something of a size in the frame.
 *
 * @param shrinks - whether it is made smaller where there is no room for it
 */
export function sizeOnCanvas(
  natural: Dimensions,
  { position, inset }: ResolvedPlacement,
  { frame, scale }: OverlayPlan,
  shrinks: boolean,
): Dimensions {
  const room = roomIn(frame, inset)
  const fit = Math.min(room.width / natural.width, room.height / natural.height)
  const factor = scale * (position === 'scaled' ? fit : shrinks ? Math.min(1, fit) : 1)
  return {
    width: Math.max(1, Math.round(natural.width * factor)),
    height: Math.max(1, Math.round(natural.height * factor)),
  }
}

/** The room inside the inset; at least a pixel, whatever the inset. */
export function roomIn({ width, height }: Dimensions, inset: number): Dimensions {
  return { width: Math.max(1, width - 2 * inset), height: Math.max(1, height - 2 * inset) }
}

/** Makes the layers of a drawn overlay; none where no part of it is seen. */
export async function createLayers(
  raster: Raster,
  { position, inset }: ResolvedPlacement,
  plan: OverlayPlan,
): Promise<readonly Layer[]> {
  const { canvas, window, scale, turn } = plan
  const gap = Math.round(inset * scale)
  if (position !== 'repeat') {
    const layer = await cutLayer(raster, placeOnce(raster.size, canvas, position, gap), plan)
    return layer ? [layer] : []
  }
  if (raster.enlargement > 1) {
    const boxes = listCopies(raster.size, window, gap)
    const layers = await Promise.all(boxes.map(box => cutLayer(raster, box, plan)))
    return layers.filter(layer => layer !== undefined)
  }
  const sheet = await fillSheet(raster, window, gap)
  const { data, width, height } = await transform(sheet, window, { x: 0, y: 0, ...sizeOf(window) }, 1, turn)
  return [{ data, x: 0, y: 0, width, height }]
}

function sizeOf({ width, height }: Dimensions): Dimensions {
  return { width, height }
}

/* No inset moves it out of the canvas; what is larger than the canvas is seen from its beginning. */
function placeOnce(
  size: Dimensions,
  canvas: Dimensions,
  position: Exclude<OverlayPosition, 'repeat'>,
  gap: number,
): Box {
  const [x, y] = shares[position]
  const place = (share: number, room: number) =>
    Math.max(0, Math.min(room, Math.round(gap + share * (room - 2 * gap))))
  return {
    x: place(x, canvas.width - size.width),
    y: place(y, canvas.height - size.height),
    width: size.width,
    height: size.height,
  }
}

function listCopies({ width, height }: Dimensions, window: Box, gap: number): Box[] {
  const boxes: Box[] = []
  const first = (start: number, length: number) =>
    Math.max(0, Math.floor((start - gap) / (length + gap))) * (length + gap) + gap
  for (let y = first(window.y, height); y < window.y + window.height; y += height + gap) {
    for (let x = first(window.x, width); x < window.x + window.width; x += width + gap) {
      boxes.push({ x, y, width, height })
    }
  }
  return boxes
}

/* All copies in the window: one row of samples after another, each row of the overlay written only once. */
async function fillSheet({ data, size }: Raster, window: Box, gap: number): Promise<Uint8Array> {
  const sheet = new Uint8Array(window.width * window.height * 4)
  const rows = new Map<number, Uint8Array>()
  const slice = createSlices()
  const [across, down] = [size.width + gap, size.height + gap]
  const createRow = (line: number): Uint8Array => {
    const row = new Uint8Array(window.width * 4)
    const source = data.subarray(line * size.width * 4, (line + 1) * size.width * 4)
    for (let x = -modulo(window.x - gap, across); x < window.width; x += across) {
      const visible = source.subarray(Math.max(0, -x) * 4, (window.width - x) * 4)
      row.set(visible, Math.max(0, x) * 4)
    }
    return row
  }
  for (let y = 0; y < window.height; y += 1) {
    const line = modulo(window.y + y - gap, down)
    if (line >= size.height) continue
    const row = rows.get(line) ?? createRow(line)
    rows.set(line, row)
    sheet.set(row, y * window.width * 4)
    await slice(row.length)
  }
  return sheet
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor
}

async function cutLayer(
  raster: Raster,
  placed: Box,
  { window, turn }: OverlayPlan,
): Promise<Layer | undefined> {
  const left = Math.max(placed.x, window.x)
  const top = Math.max(placed.y, window.y)
  const width = Math.min(placed.x + placed.width, window.x + window.width) - left
  const height = Math.min(placed.y + placed.height, window.y + window.height) - top
  if (width <= 0 || height <= 0) return undefined
  const part = { x: left - placed.x, y: top - placed.y, width, height }
  const cut = await transform(raster.data, raster.drawn, part, raster.enlargement, turn)
  const { x, y } = turnBox({ x: left - window.x, y: top - window.y, width, height }, window, turn)
  return { data: cut.data, x, y, width: cut.width, height: cut.height }
}

/* Beyond these pixels the kernel for making larger does not reach. */
const reach = 4

/* Cuts a part of what is drawn, as it is when it is enlarged, and turns it. */
async function transform(
  data: Uint8Array,
  drawn: Dimensions,
  part: Box,
  enlargement: number,
  { flop, angle }: OverlayPlan['turn'],
): Promise<Dimensions & { readonly data: Uint8Array }> {
  const around = surround(part, drawn, enlargement)
  const enlarged = { width: around.width * enlargement, height: around.height * enlargement }
  let image = sharp(data, { raw: { ...sizeOf(drawn), channels: 4 }, limitInputPixels: false }).extract(
    toEdges(around),
  )
  if (enlargement > 1) image = image.resize({ ...enlarged, fit: 'fill', kernel: 'cubic' })
  if (flop) image = image.flop()
  if (angle !== 0) image = image.rotate(angle)
  const inner = { ...part, x: part.x - around.x * enlargement, y: part.y - around.y * enlargement }
  const cut = image.extract(toEdges(turnBox(inner, enlarged, { flop, angle })))
  const { data: pixels, info } = await cut.raw().toBuffer({ resolveWithObject: true })
  return { data: pixels, width: info.width, height: info.height }
}

function surround(part: Box, drawn: Dimensions, enlargement: number): Box {
  const margin = enlargement > 1 ? reach : 0
  const x = Math.max(0, Math.floor(part.x / enlargement) - margin)
  const y = Math.max(0, Math.floor(part.y / enlargement) - margin)
  const right = Math.min(drawn.width, Math.ceil((part.x + part.width) / enlargement) + margin)
  const bottom = Math.min(drawn.height, Math.ceil((part.y + part.height) / enlargement) + margin)
  return { x, y, width: right - x, height: bottom - y }
}

function toEdges({ x, y, width, height }: Box): { left: number; top: number; width: number; height: number } {
  return { left: x, top: y, width, height }
}
