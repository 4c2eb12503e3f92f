/* The numbers of TIFF 6.0 and of its successors (BigTIFF, TIFF Technical Note 1 on SubIFDs, Adobe's Technical Notes),
   as far as they decide where pixels are and how they are decoded. Names are those of the specification. */

/** The fields of a directory that are read; all others are passed over. */
export const tags = {
  NewSubfileType: 254,
  SubfileType: 255,
  ImageWidth: 256,
  ImageLength: 257,
  BitsPerSample: 258,
  Compression: 259,
  PhotometricInterpretation: 262,
  FillOrder: 266,
  ImageDescription: 270,
  StripOffsets: 273,
  Orientation: 274,
  SamplesPerPixel: 277,
  RowsPerStrip: 278,
  StripByteCounts: 279,
  XResolution: 282,
  YResolution: 283,
  PlanarConfiguration: 284,
  ResolutionUnit: 296,
  Software: 305,
  Predictor: 317,
  TileWidth: 322,
  TileLength: 323,
  TileOffsets: 324,
  TileByteCounts: 325,
  SubIFDs: 330,
  ExtraSamples: 338,
  SampleFormat: 339,
  JPEGTables: 347,
  YCbCrCoefficients: 529,
  YCbCrSubSampling: 530,
  YCbCrPositioning: 531,
  ReferenceBlackWhite: 532,
  XMP: 700,
  IPTC: 33723,
  ExifIFD: 34665,
  ICCProfile: 34675,
} as const

/** A number in {@link tags}. */
export type Tag = (typeof tags)[keyof typeof tags]

/** The values of Compression that this library names. */
export const compressions = {
  none: 1,
  fax3: 3,
  lzw: 5,
  oldJpeg: 6,
  jpeg: 7,
  deflate: 8,
  oldDeflate: 32946,
  packBits: 32773,
  jpeg2000YCbCr: 33003,
  jpeg2000Any: 33004,
  jpeg2000Rgb: 33005,
  jpeg2000: 34712,
  lerc: 34887,
  lzma: 34925,
  zstd: 50000,
  webp: 50001,
  jpegXl: 50002,
} as const

/** The values of PhotometricInterpretation that this library names. */
export const photometrics = {
  whiteIsZero: 0,
  blackIsZero: 1,
  rgb: 2,
  palette: 3,
  mask: 4,
  separated: 5,
  yCbCr: 6,
  cieLab: 8,
  iccLab: 9,
  ituLab: 10,
} as const

/** The bits of NewSubfileType. */
export const subfileBits = { reduced: 1, page: 2, mask: 4 } as const

const names: ReadonlyMap<number, string> = new Map(Object.entries(tags).map(([name, tag]) => [tag, name]))

/** Tells whether `tag` is a field that is read. */
export function isTag(tag: number): tag is Tag {
  return names.has(tag)
}

/** Writes the name that the specification gives to a field. */
export function formatTag(tag: Tag): string {
  return names.get(tag) ?? String(tag)
}
