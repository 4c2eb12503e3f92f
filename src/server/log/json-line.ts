/* A line of JSON for a log: nothing in it ends the line, or is obeyed by a terminal or by what shows text. */

/* What JSON leaves as it is: the controls that a terminal knows beside those below the space, and what orders text anew. */
const obeyed = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Writes a line, without its end; whoever reads it as JSON finds what was given. */
export function formatJsonLine(value: object): string {
  return JSON.stringify(value).replace(
    obeyed,
    letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
