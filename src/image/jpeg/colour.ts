/* The segments that tell a decoder what the components mean: JFIF (ITU-T T.871), Adobe's APP14 (ITU-T T.872 section
   6.5.3), and the ICC profile in APP2 (ICC.1 annex B.4). */
import { unsupported } from './failure.js'
import { marker } from './segments.js'

/** What the components of the tiles are, told by the container (TIFF PhotometricInterpretation), not by the tiles. */
export interface JpegColour {
  /** The meaning of the components. */
  readonly photometric: 'gray' | 'ycbcr' | 'rgb'
  /** An ICC profile for the decoder. @defaultValue none */
  readonly profile?: Uint8Array
}

const maxProfileChunk = 0xffff - 2 - 14

// JFIF 1.01, no density but square pixels, no thumbnail: three components are YCbCr, one is grey.
const jfif = Uint8Array.of(0xff, marker.app0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0)

// Adobe, version 100, no flags, transform 0: three components are RGB. A JFIF segment would say YCbCr again.
const adobe = Uint8Array.of(0xff, marker.app14, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0)

function profileSegment(profile: Uint8Array, index: number, count: number): Uint8Array {
  const chunk = profile.subarray(index * maxProfileChunk, (index + 1) * maxProfileChunk)
  const segment = new Uint8Array(18 + chunk.length)
  segment.set([0xff, marker.app2, (chunk.length + 16) >> 8, (chunk.length + 16) & 0xff])
  segment.set(
    Array.from('ICC_PROFILE\0', letter => letter.charCodeAt(0)),
    4,
  )
  segment.set([index + 1, count], 16)
  segment.set(chunk, 18)
  return segment
}

/**
 * Formats the segments for `colour`, to stand right behind SOI.
 *
 * @throws {@link SourceError} (`source-unsupported`) where a frame of `components` components cannot have this colour.
 */
export function formatColour(colour: JpegColour, components: number): Uint8Array[] {
  const { photometric, profile } = colour
  if (components !== (photometric === 'gray' ? 1 : 3))
    throw unsupported(`${photometric} has other components`)
  const first = photometric === 'rgb' ? adobe : jfif
  if (!profile) return [first]
  const count = Math.ceil(profile.length / maxProfileChunk)
  if (count > 255) throw unsupported('the ICC profile is too large')
  return [first, ...Array.from({ length: count }, (_, i) => profileSegment(profile, i, count))]
}
