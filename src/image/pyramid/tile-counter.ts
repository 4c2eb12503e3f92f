/* How far a pyramid is: libvips tells nothing, but every tile that it has written can be recognised in the file that
   grows by how it begins. */
import { constants, inflateSync } from 'node:zlib'

/** Counts tiles in the bytes of a file, given piece by piece. */
export interface TileCounter {
  /** Takes the next bytes and tells how many tiles were seen up to now; the latest may not be among them yet. */
  count(bytes: Uint8Array): number
}

/** Whether a tile begins at a position, behind which there are at least {@link lookAhead} bytes. */
type BeginsTile = (bytes: Uint8Array, at: number) => boolean

/** How many bytes decide. */
const lookAhead = 512

const beginnings: Readonly<Record<'jpeg' | 'webp' | 'deflate', BeginsTile>> = {
  // SOI and SOF0; the tables that tiles share have no frame, and within entropy-coded data no FF is followed by D8.
  jpeg: (bytes, at) => isText(bytes, at, '\xff\xd8\xff\xc0'),
  webp: (bytes, at) => isText(bytes, at, 'RIFF') && isText(bytes, at + 8, 'WEBP'),
  deflate: beginsStream,
}

/** Creates a counter for tiles of a compression. */
export function createTileCounter(compression: 'jpeg' | 'webp' | 'deflate'): TileCounter {
  const begins = beginnings[compression]
  let rest = new Uint8Array()
  let tiles = 0
  return {
    count(bytes) {
      const all = Buffer.concat([rest, bytes])
      const end = Math.max(0, all.length - lookAhead)
      for (let at = 0; at < end; at += 1) if (begins(all, at)) tiles += 1
      rest = all.subarray(end)
      return tiles
    },
  }
}

function isText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/* RFC 1950 section 2.2: 78 for deflate with a window of 32 KiB, then a byte that makes both a multiple of 31. Other data
   looks so once in 16 KiB; but it does not go on as a stream of RFC 1951, whose tables must be complete. */
function beginsStream(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x78 || (0x7800 + (bytes[at + 1] ?? 0)) % 31 !== 0) return false
  try {
    inflateSync(bytes.subarray(at, at + lookAhead), { finishFlush: constants.Z_SYNC_FLUSH })
    return true
  } catch {
    return false
  }
}
