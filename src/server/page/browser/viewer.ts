/* Runs in the page of one image: shows it on a canvas, to be moved and zoomed by mouse, fingers and keys. */
import { Grid, type Info, type Part, Pictures } from './tiles.js'

interface View {
  /** The middle, in pixels of the image. */
  x: number
  y: number
  /** How many pixels of the page one pixel of the image is. */
  zoom: number
}

const stage = document.querySelector<HTMLCanvasElement>('#stage')
const state = document.querySelector<HTMLElement>('#state')
if (stage && state) start(stage, state).catch(() => tell(state, 'This image cannot be opened.'))

// Whole addresses, ready to be copied into another viewer.
for (const link of document.querySelectorAll<HTMLAnchorElement>('.address')) link.textContent = link.href

function tell(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text
}

async function start(canvas: HTMLCanvasElement, place: HTMLElement): Promise<void> {
  const { base = '', info = '' } = canvas.dataset
  const response = await fetch(info)
  if (!response.ok) throw new Error(String(response.status))
  const grid = new Grid((await response.json()) as Info, base)
  const viewer = new Viewer(canvas, grid, place)
  listenToPointers(canvas, viewer)
  listenToKeys(canvas, viewer)
  viewer.home()
  canvas.focus()
}

const mostZoom = 8

class Viewer {
  readonly #canvas: HTMLCanvasElement
  readonly #grid: Grid
  readonly #place: HTMLElement
  readonly #pictures: Pictures
  readonly #view: View = { x: 0, y: 0, zoom: 1 }
  #isWhole = true
  #frame = 0

  constructor(canvas: HTMLCanvasElement, grid: Grid, place: HTMLElement) {
    this.#canvas = canvas
    this.#grid = grid
    this.#place = place
    this.#pictures = new Pictures(() => this.#redraw())
    new ResizeObserver(() => (this.#isWhole ? this.home() : this.#redraw())).observe(canvas)
  }

  /** Shows the whole image. */
  home(): void {
    const { width, height } = this.#grid
    Object.assign(this.#view, { x: width / 2, y: height / 2, zoom: this.#leastZoom() })
    this.#isWhole = true
    this.#redraw()
  }

  /** Moves by pixels of the page. */
  move(byX: number, byY: number): void {
    this.#view.x -= byX / this.#view.zoom
    this.#view.y -= byY / this.#view.zoom
    this.#keepInside()
  }

  /** Zooms; what lies at a point of the canvas stays there. */
  zoom(factor: number, atX = this.#canvas.clientWidth / 2, atY = this.#canvas.clientHeight / 2): void {
    const before = this.#view.zoom
    const zoom = Math.min(mostZoom, Math.max(this.#leastZoom(), before * factor))
    const [fromX, fromY] = [atX - this.#canvas.clientWidth / 2, atY - this.#canvas.clientHeight / 2]
    this.#view.x += fromX / before - fromX / zoom
    this.#view.y += fromY / before - fromY / zoom
    this.#view.zoom = zoom
    this.#keepInside()
  }

  #leastZoom(): number {
    const { clientWidth, clientHeight } = this.#canvas
    return Math.min(1, clientWidth / this.#grid.width, clientHeight / this.#grid.height) || 1
  }

  #keepInside(): void {
    const { width, height } = this.#grid
    this.#view.x = Math.min(width, Math.max(0, this.#view.x))
    this.#view.y = Math.min(height, Math.max(0, this.#view.y))
    this.#isWhole = false
    this.#redraw()
  }

  #redraw(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = requestAnimationFrame(() => this.#draw())
  }

  #draw(): void {
    const { clientWidth, clientHeight } = this.#canvas
    const density = devicePixelRatio
    this.#canvas.width = Math.round(clientWidth * density)
    this.#canvas.height = Math.round(clientHeight * density)
    const context = this.#canvas.getContext('2d')
    if (!context) return
    const { x, y, zoom } = this.#view
    const scale = zoom * density
    // Beyond the full size pixels are shown as they are: squares, not a blur.
    context.imageSmoothingEnabled = scale < 2
    context.imageSmoothingQuality = 'high'
    const [halfX, halfY] = [clientWidth / 2 / zoom, clientHeight / 2 / zoom]
    const part: Part = { left: x - halfX, top: y - halfY, right: x + halfX, bottom: y + halfY }
    const best = this.#grid.choose(scale)
    // What is coarser stands in for what has not come yet.
    for (const factor of this.#grid.factors.filter(each => each >= best).reverse())
      for (const tile of this.#grid.list(factor, part)) {
        const picture = this.#pictures.find(tile)
        if (!picture) continue
        const place = (at: number, from: number): number => Math.round((at - from) * scale)
        const [left, top] = [place(tile.left, part.left), place(tile.top, part.top)]
        const [right, bottom] = [place(tile.right, part.left), place(tile.bottom, part.top)]
        context.drawImage(picture, left, top, right - left, bottom - top)
      }
    const coarsest = this.#grid.factors.at(-1) ?? best
    this.#pictures.want([...this.#grid.list(coarsest, part), ...this.#grid.list(best, part)])
    tell(this.#place, `${Math.round(zoom * 100)} %${this.#pictures.missing > 0 ? ', loading' : ''}`)
  }
}

function listenToPointers(canvas: HTMLCanvasElement, viewer: Viewer): void {
  const fingers = new Map<number, PointerEvent>()
  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId)
    fingers.set(event.pointerId, event)
  })
  canvas.addEventListener('pointermove', event => {
    const before = fingers.get(event.pointerId)
    if (!before) return
    const other = [...fingers.values()].find(({ pointerId }) => pointerId !== event.pointerId)
    const [byX, byY] = [event.clientX - before.clientX, event.clientY - before.clientY]
    viewer.move(byX / fingers.size, byY / fingers.size)
    if (other) {
      const factor = distance(event, other) / Math.max(1, distance(before, other))
      viewer.zoom(factor, (event.offsetX + other.offsetX) / 2, (event.offsetY + other.offsetY) / 2)
    }
    fingers.set(event.pointerId, event)
  })
  for (const name of ['pointerup', 'pointercancel'] as const)
    canvas.addEventListener(name, event => fingers.delete(event.pointerId))
  const onWheel = (event: WheelEvent): void => {
    event.preventDefault()
    // Wheels count in lines or pages, too; one turn is not to go all the way.
    const turn = event.deltaY * (event.deltaMode === 0 ? 1 : 30)
    viewer.zoom(2 ** (Math.max(-200, Math.min(200, -turn)) / 200), event.offsetX, event.offsetY)
  }
  canvas.addEventListener('wheel', onWheel, { passive: false })
  canvas.addEventListener('dblclick', event => viewer.zoom(2, event.offsetX, event.offsetY))
}

function distance(one: PointerEvent, other: PointerEvent): number {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY)
}

const step = 100

function listenToKeys(canvas: HTMLCanvasElement, viewer: Viewer): void {
  const actions: Readonly<Record<string, () => void>> = {
    '+': () => viewer.zoom(1.5),
    '=': () => viewer.zoom(1.5),
    '-': () => viewer.zoom(1 / 1.5),
    0: () => viewer.home(),
    Home: () => viewer.home(),
    ArrowLeft: () => viewer.move(step, 0),
    ArrowRight: () => viewer.move(-step, 0),
    ArrowUp: () => viewer.move(0, step),
    ArrowDown: () => viewer.move(0, -step),
  }
  canvas.addEventListener('keydown', event => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key]
    if (!action) return
    event.preventDefault()
    action()
  })
  const buttons: Readonly<Record<string, string>> = { in: '+', out: '-', home: '0' }
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-do]'))
    button.addEventListener('click', () => actions[buttons[button.dataset.do ?? ''] ?? '']?.())
}
