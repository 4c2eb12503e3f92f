/* info.json as the tests read it: of either version, every property that may be missing is optional. */
import type { Dimensions } from './pictures.js'

export interface TileEntry {
  readonly width: number
  readonly height?: number
  readonly scaleFactors: readonly number[]
}

export interface Info3 {
  readonly '@context': unknown
  readonly id: string
  readonly type: string
  readonly protocol: string
  readonly profile: string
  readonly width: number
  readonly height: number
  readonly maxWidth?: number
  readonly maxHeight?: number
  readonly maxArea?: number
  readonly sizes: readonly Dimensions[]
  readonly tiles: readonly TileEntry[]
  readonly preferredFormats?: readonly string[]
  readonly extraFormats: readonly string[]
  readonly extraQualities: readonly string[]
  readonly extraFeatures: readonly string[]
}

export interface Profile2 {
  readonly formats: readonly string[]
  readonly qualities: readonly string[]
  readonly supports: readonly string[]
  readonly maxWidth?: number
  readonly maxHeight?: number
  readonly maxArea?: number
}

export interface Info2 {
  readonly '@context': unknown
  readonly '@id': string
  readonly protocol: string
  readonly profile: readonly [string, Profile2]
  readonly width: number
  readonly height: number
  readonly sizes: readonly Dimensions[]
  readonly tiles: readonly TileEntry[]
}

/** What an owner may add to info.json. */
export const extras = {
  rights: 'http://creativecommons.org/licenses/by/4.0/',
  partOf: [{ id: 'https://example.org/manifest', type: 'Manifest', label: { en: ['A book'] } }],
  seeAlso: [
    { id: 'https://example.org/a.xml', type: 'Dataset', label: { en: ['Facts'] }, format: 'text/xml' },
  ],
  service: [
    {
      '@id': 'https://example.org/auth',
      '@type': 'AuthCookieService1',
      profile: 'http://iiif.io/api/auth/1/login',
    },
  ],
  attribution: 'The library',
  logo: 'https://example.org/logo.png',
  contexts: ['http://example.org/extension/context.json'],
} as const

/** A tile as section 5.4 and the implementation notes of 3.0 have clients compute it. */
export interface TileRequest {
  readonly region: string
  readonly width: number
  readonly height: number
  /** Where it lies in the image at its scale factor. */
  readonly left: number
  readonly top: number
}

/** All tiles at a scale factor. */
export function listTileRequests(image: Dimensions, tile: TileEntry, factor: number): TileRequest[] {
  const [wide, high] = [tile.width * factor, (tile.height ?? tile.width) * factor]
  const tiles: TileRequest[] = []
  for (let y = 0; y < image.height; y += high) {
    for (let x = 0; x < image.width; x += wide) {
      const [width, height] = [Math.min(wide, image.width - x), Math.min(high, image.height - y)]
      tiles.push({
        region: `${x},${y},${width},${height}`,
        width: Math.ceil(width / factor),
        height: Math.ceil(height / factor),
        left: x / factor,
        top: y / factor,
      })
    }
  }
  return tiles
}
