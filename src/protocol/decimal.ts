/* Numbers as the grammar writes them: digits and at most one point, never a sign or an exponent
   (Image API 3.0 section 4.7, 2.1 section 4.6). */

const decimal = /^(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)$/

const zero = 48

/** Reads a whole number; `undefined` where `text` is none, or where it is too large to be exact. */
export function parseInteger(text: string): number | undefined {
  let value = 0
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - zero
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return text !== '' && value <= Number.MAX_SAFE_INTEGER ? value : undefined
}

/** Reads a decimal number; `undefined` where `text` is none. A missing leading zero is forgiven (it is a SHOULD). */
export function parseDecimal(text: string): number | undefined {
  if (!decimal.test(text)) return undefined
  const value = Number(text)
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined
}

/** Writes a decimal number: an integer if possible, no exponent, no trailing zeros, a leading zero under 1. */
export function formatDecimal(value: number): string {
  const short = String(value)
  if (!short.includes('e')) return short
  const [digits = '', exponent = '0'] = short.replace('.', '').split('e-')
  return `0.${'0'.repeat(Number(exponent) - 1)}${digits}`
}
