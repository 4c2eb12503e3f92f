/* The grid on the sample picture: a line of one pixel every 512 pixels, and at every crossing its place in the full
   picture in letters five pixels wide, so that whoever zooms in to the single pixel reads where that is. */

const spacing = 512
const margin = 5
const padding = 2

// A letter is seven rows of five bits, each row written as a digit in base 32.
const letterHeight = 7
const letterAdvance = 6
/** @type {Readonly<Record<string, string>>} */
const letters = {
  0: 'ehjlphe',
  1: '4c4444e',
  2: 'eh1248v',
  3: 'v2421he',
  4: '26aiv22',
  5: 'vgu11he',
  6: '68guhhe',
  7: 'v124444',
  8: 'ehhehhe',
  9: 'ehhf12c',
  ',': '0000648',
}

/**
 * Draws the part of the grid that falls on some rows of the picture.
 *
 * @param {Uint8ClampedArray} pixels - the rows, as interleaved RGB
 * @param {number} width - the width of the picture
 * @param {number} top - the first of the rows
 * @param {number} rows - how many they are
 */
export function drawGrid(pixels, width, top, rows) {
  for (let y = top; y < top + rows; y++) {
    const row = pixels.subarray((y - top) * width * 3, (y - top + 1) * width * 3)
    if (y % spacing === 0) for (let x = 0; x < width; x++) tint(row, x, 255, 0.3)
    else for (let x = 0; x < width; x += spacing) tint(row, x, 255, 0.3)
    const inPlate = (y % spacing) - margin
    if (inPlate < 0 || inPlate >= letterHeight + 2 * padding) continue
    for (let x = 0; x < width; x += spacing) drawLabelRow(row, x, `${x},${y - (y % spacing)}`, inPlate)
  }
}

/**
 * Draws one row of a label: a dark plate with light letters.
 *
 * @param {Uint8ClampedArray} row
 * @param {number} left - the grid line that the label stands beside
 * @param {string} text
 * @param {number} inPlate - which row of the plate
 */
function drawLabelRow(row, left, text, inPlate) {
  const width = text.length * letterAdvance - 1 + 2 * padding
  for (let x = 0; x < width; x++) {
    const column = x - padding
    const letter = letters[text[Math.floor(column / letterAdvance)] ?? ''] ?? ''
    const bits = parseInt(letter[inPlate - padding] ?? '0', 32)
    const lit = (bits >> (4 - (column % letterAdvance))) & 1
    tint(row, left + margin + x, lit ? 255 : 16, lit ? 0.95 : 0.55)
  }
}

/**
 * @param {Uint8ClampedArray} row
 * @param {number} x
 * @param {number} level
 * @param {number} opacity
 */
function tint(row, x, level, opacity) {
  for (let i = x * 3; i < x * 3 + 3; i++) row[i] = (row[i] ?? 0) * (1 - opacity) + level * opacity
}
