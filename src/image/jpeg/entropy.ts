/* The entropy-coded data of one tile, made ready to be read at any bit: byte stuffing and restart markers are taken
   out (ITU-T T.81 sections B.1.1.5 and F.1.2.3). */
import { damaged } from './failure.js'
import { marker } from './segments.js'

/** Entropy-coded data without byte stuffing. The memory is used again for the next tile. */
export interface EntropyData {
  /** The bytes; behind them are {@link padding} bytes that may be read but mean nothing. */
  readonly bytes: Uint8Array
  /** The same memory. */
  readonly view: DataView
  /** Where each restart interval begins, and, last, where the data ends; in bytes. */
  readonly bounds: readonly number[]
}

// A block is stepped over without looking for the end. It has at most 64 symbols of at most 27 bits: 216 bytes.
const padding = 256

/** Whether one of the four bytes of `word` is 0xFF: the classic test for a zero byte, on the complement. */
export function hasMarkerByte(word: number): boolean {
  return ((~word - 0x01010101) & word & 0x80808080) !== 0
}

interface Target {
  readonly bytes: Uint8Array
  readonly view: DataView
}

function createTarget(previous: EntropyData | undefined, length: number): Target {
  const needed = length + padding
  if (previous && previous.bytes.length >= needed) return previous
  const bytes = new Uint8Array(needed + (needed >> 2))
  return { bytes, view: new DataView(bytes.buffer) }
}

/**
 * Takes stuffing and restart markers out of `source` from `start` to `end`. The memory of `previous` is used again
 * where it is large enough, and `previous` must not be read any more.
 *
 * @throws {@link SourceError} (`source-damaged`) for any other marker, or a restart marker out of order.
 */
export function readEntropy(
  source: Uint8Array,
  start: number,
  end: number,
  previous?: EntropyData,
): EntropyData {
  const { bytes, view } = createTarget(previous, end - start)
  const sourceView = new DataView(source.buffer, source.byteOffset, source.byteLength)
  const bounds = [0]
  let from = start
  let to = 0
  while (from < end) {
    if (from + 4 <= end) {
      const word = sourceView.getInt32(from)
      if (!hasMarkerByte(word)) {
        view.setInt32(to, word)
        from += 4
        to += 4
        continue
      }
    }
    const byte = source[from] as number
    from += 1
    if (byte !== 0xff) {
      bytes[to] = byte
      to += 1
      continue
    }
    const code = from < end ? (source[from] as number) : -1
    from += 1
    if (code === 0) {
      bytes[to] = 0xff
      to += 1
    } else if (code === marker.rst0 + ((bounds.length - 1) & 7)) {
      bounds.push(to)
    } else {
      throw damaged('a marker stands where it should not')
    }
  }
  bounds.push(to)
  return { bytes, view, bounds }
}
