/* The typical Huffman tables of ITU-T T.81 section K.3.3. They have a code for every symbol of 8-bit data, so that
   whatever tables the input has, its coefficients can be written with these. */

/** The specification of a pair of Huffman tables: 16 counts of codes, then the symbols, for each. */
export interface HuffmanSpecs {
  /** The table of DC differences. */
  readonly dc: Uint8Array
  /** The table of AC coefficients. */
  readonly ac: Uint8Array
}

function fromHex(...lines: string[]): Uint8Array {
  return Uint8Array.from(lines.join('').match(/../g) ?? [], byte => Number.parseInt(byte, 16))
}

/** Tables K.3 and K.5, for luminance. */
export const standardLuminance: HuffmanSpecs = {
  dc: fromHex('00010501010101010100000000000000', '000102030405060708090a0b'),
  ac: fromHex(
    '0002010303020403050504040000017d',
    '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a16',
    '1718191a25262728292a3435363738393a434445464748494a535455565758595a63646566676869',
    '6a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6',
    'b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8',
    'f9fa',
  ),
}

/** Tables K.4 and K.6, for chrominance. */
export const standardChrominance: HuffmanSpecs = {
  dc: fromHex('00030101010101010101010000000000', '000102030405060708090a0b'),
  ac: fromHex(
    '00020102040403040705040400010277',
    '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434',
    'e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768',
    '696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4',
    'b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8',
    'f9fa',
  ),
}
