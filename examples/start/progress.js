/* A bar of progress for terminals; elsewhere a line at the start and one at the end. */

const cells = 30

/**
 * Creates what is to be told how much is done, from 0 to 1.
 *
 * @param {NodeJS.WriteStream} stream
 * @param {string} title
 * @returns {(part: number) => void}
 */
export function createProgressBar(stream, title) {
  let shown = -1
  return part => {
    const percent = Math.floor(part * 100)
    if (percent === shown) return
    const begins = shown === -1
    shown = percent
    if (stream.isTTY) {
      const full = Math.round(part * cells)
      const bar = `${'█'.repeat(full)}${'░'.repeat(cells - full)}`
      stream.write(`\r${title} ${bar} ${String(percent).padStart(3)} %${part === 1 ? '\n' : ''}`)
    } else if (begins || part === 1) stream.write(`${title}: ${part === 1 ? 'done' : 'begun'}\n`)
  }
}
