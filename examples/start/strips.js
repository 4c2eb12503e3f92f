/* The form in which workers hand the picture to sharp: a TIFF without compression, whose strips are written in any
   order, each to its place (TIFF 6.0, sections 2 and 6). */

/** How many rows a strip has; the last one may have fewer. */
export const stripRows = 64

const [short, long] = [3, 4]
const firstField = 10

/**
 * Everything before the first strip; the strips follow at its end.
 *
 * @param {import('./picture.js').Size} size
 * @returns {Buffer}
 */
export function tiffHeader({ width, height }) {
  const count = Math.ceil(height / stripRows)
  const sizes = Array.from(
    { length: count },
    (_, i) => 3 * width * Math.min(stripRows, height - i * stripRows),
  )
  // Nine fields of 12 bytes and their end, then the values that do not fit into a field: three bit depths, two lists.
  const start = firstField + 9 * 12 + 4 + 6 + 8 * count
  const places = sizes.map((_, i) => start + i * 3 * width * stripRows)
  const header = Buffer.alloc(start)
  header.write('II*\0', 'latin1')
  header.writeUInt32LE(firstField - 2, 4)
  return writeFields(header, [
    [256, long, [width]],
    [257, long, [height]],
    [258, short, [8, 8, 8]], // bits per sample
    [259, short, [1]], // no compression
    [262, short, [2]], // RGB
    [273, long, places],
    [277, short, [3]], // samples per pixel
    [278, long, [stripRows]],
    [279, long, sizes],
  ])
}

/**
 * @param {Buffer} header
 * @param {[tag: number, type: number, values: number[]][]} fields
 */
function writeFields(header, fields) {
  header.writeUInt16LE(fields.length, firstField - 2)
  let free = firstField + fields.length * 12 + 4
  fields.forEach(([tag, type, values], i) => {
    let at = firstField + i * 12
    at = header.writeUInt16LE(tag, at)
    at = header.writeUInt16LE(type, at)
    at = header.writeUInt32LE(values.length, at)
    const length = values.length * (type === short ? 2 : 4)
    if (length > 4) {
      header.writeUInt32LE(free, at)
      at = free
      free += length
    }
    for (const value of values)
      at = type === short ? header.writeUInt16LE(value, at) : header.writeUInt32LE(value, at)
  })
  return header
}
