/* A bar of progress, on terminals only: one line that is written over, and gone in the end. */
import type { Io } from './command.js'
import { plain } from './text.js'

const cells = 30
const maxTitle = 40

/** A bar of progress. */
export interface ProgressBar {
  /** Shows what is worked on, and how much of it is done, from 0 to 1, where that is known. */
  show(title: string, part?: number): void
  /** Takes the bar away, so that something else can be written. */
  clear(): void
}

/** Creates a bar; where there is no terminal it shows nothing. */
export function createProgressBar(io: Io): ProgressBar {
  if (!io.isTerminal) return { show() {}, clear() {} }
  let shown = ''
  return {
    show(title, part) {
      const line = `${shorten(plain(title))}${part === undefined ? '' : formatBar(part)}`
      if (line === shown) return
      // To the start of the line, and all of it away.
      io.err(`\r\u001b[2K${line}`)
      shown = line
    },
    clear() {
      if (shown) io.err('\r\u001b[2K')
      shown = ''
    },
  }
}

function formatBar(part: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * cells)
  const percent = String(Math.floor(part * 100)).padStart(3)
  return ` ${'█'.repeat(full)}${'░'.repeat(cells - full)} ${percent} %`
}

/* The end of a name tells more than its start. */
function shorten(title: string): string {
  return title.length > maxTitle ? `…${title.slice(1 - maxTitle)}` : title
}
