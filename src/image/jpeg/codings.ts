/* Keeps Huffman tables ready for work, so that the tables that all tiles share are made once. */
import { compileHuffman } from './huffman.js'
import type { JpegComponent } from './markers.js'
import { isEqual } from './segments.js'
import type { BlockCoding } from './walk.js'

/** The specification of a pair of tables: 16 counts of codes, then the symbols, for each. */
export type CodingSpecs = Pick<JpegComponent, 'dc' | 'ac'>

/** Gives the tables of a specification; the same object for equal specifications, as long as it is kept. */
export type FindCoding = (specs: CodingSpecs) => BlockCoding

// A pair of tables takes up to 0.1 MB. A pyramid has one or two; encoders that fit tables to each tile have many.
const maxPairs = 16

interface Kept extends CodingSpecs {
  readonly coding: BlockCoding
}

function compile({ dc, ac }: CodingSpecs): Kept {
  const coding = { dc: compileHuffman(dc, 'dc'), ac: compileHuffman(ac, 'ac') }
  // Not slice(): a Buffer would give a view of the memory of the tile.
  return { dc: Uint8Array.from(dc), ac: Uint8Array.from(ac), coding }
}

/** Creates a store of tables. */
export function createCodings(): FindCoding {
  const kept: Kept[] = []
  return specs => {
    for (const { dc, ac, coding } of kept) {
      if (isEqual(dc, specs.dc) && isEqual(ac, specs.ac)) return coding
    }
    const added = compile(specs)
    if (kept.push(added) > maxPairs) kept.shift()
    return added.coding
  }
}
