/* TIFF files of every kind that libvips and libtiff's tiffcp can write, for tests that compare with libvips. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp, { type Sharp, type TiffOptions } from 'sharp'
import { createPicture } from './material.js'

/** A file and what it is. */
export interface Variant {
  readonly name: string
  readonly bytes: Uint8Array
}

const copyCodings = ['none', 'lzw:2', 'zip:1', 'zip:2', 'packbits', 'jpeg:r:90', 'jpeg:80', 'webp']

/** The size of every variant: neither is a multiple of a tile or strip. */
export const variantSize = { width: 211, height: 150 } as const

const { width, height } = variantSize

/** Whether a program is installed. */
export function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const kinds: readonly (readonly [name: string, make: () => Sharp])[] = [
  ['grey', () => createPicture(width, height, 1).toColourspace('b-w')],
  ['grey and alpha', () => createPicture(width, height, 2).toColourspace('b-w')],
  ['rgb', () => createPicture(width, height, 3)],
  ['rgba', () => createPicture(width, height, 4)],
  ['grey of 16 bits', () => createPicture(width, height, 1).toColourspace('grey16').linear(1.37, 11)],
  ['rgb of 16 bits', () => createPicture(width, height, 3).toColourspace('rgb16').linear(1.37, 11)],
  ['rgba of 16 bits', () => createPicture(width, height, 4).toColourspace('rgb16').linear(1.37, 11)],
  ['cmyk', () => createPicture(width, height, 3).toColourspace('cmyk')],
  ['lab', () => createPicture(width, height, 3).toColourspace('lab')],
  ['float', () => createPicture(width, height, 3).toColourspace('scrgb')],
]

const shapes: readonly (readonly [name: string, options: TiffOptions])[] = [
  ['tiles', { tile: true, tileWidth: 64, tileHeight: 48 }],
  ['strips', { tile: false }],
]

const lossless: readonly TiffOptions[] = [
  { compression: 'none' },
  { compression: 'lzw', predictor: 'none' },
  { compression: 'lzw', predictor: 'horizontal' },
  { compression: 'deflate', predictor: 'none' },
  { compression: 'deflate', predictor: 'horizontal' },
  { compression: 'packbits' },
]

function codingsOf(kind: string): readonly TiffOptions[] {
  const predictors: readonly TiffOptions[] =
    kind === 'float' || kind === 'lab' ? [{ compression: 'deflate', predictor: 'float' }] : []
  const jpeg: readonly TiffOptions[] = ['grey', 'rgb', 'cmyk'].includes(kind)
    ? [
        { compression: 'jpeg', quality: 80 },
        { compression: 'jpeg', quality: 95 },
      ]
    : []
  const webp: readonly TiffOptions[] = ['rgb', 'rgba'].includes(kind)
    ? [{ compression: 'webp', quality: 80 }]
    : []
  return [...lossless, ...predictors, ...jpeg, ...webp]
}

/** Every kind of samples in every compression, in tiles and in strips, as libvips writes them. */
export async function makeVipsVariants(): Promise<Variant[]> {
  const variants: Variant[] = []
  for (const [kind, make] of kinds) {
    for (const coding of codingsOf(kind)) {
      for (const [shape, options] of shapes) {
        const name = [kind, coding.compression, coding.predictor, coding.quality, shape].filter(Boolean)
        try {
          variants.push({
            name: name.join(', '),
            bytes: await make()
              .tiff({ ...coding, ...options })
              .toBuffer(),
          })
        } catch {
          // A pair that libtiff refuses to write; the number of those that it writes is checked by the test.
        }
      }
    }
  }
  return variants
}

const orders = [
  ['little-endian', '-L'],
  ['big-endian', '-B'],
] as const
const planes = [
  ['one plane', 'contig'],
  ['planes', 'separate'],
] as const
const parts = [
  ['tiles', ['-t', '-w', '48', '-l', '64']],
  ['strips', ['-s', '-r', '13']],
] as const

interface Copy {
  readonly name: string
  readonly args: readonly string[]
}

/** Byte orders, planes, tiles and strips of one kind of samples. */
function listCopies(kind: string): Copy[] {
  const copies = orders.flatMap(([order, orderArg]) =>
    planes.flatMap(([plane, planeArg]) =>
      parts.flatMap(([part, partArgs]) =>
        (order === 'big-endian' ? copyCodings : ['none', 'zip:2']).map(coding => ({
          name: `${kind}, ${coding}, ${order}, ${plane}, ${part}`,
          args: ['-c', coding, orderArg, '-p', planeArg, ...partArgs],
        })),
      ),
    ),
  )
  const big = ['-8', '-B', '-c', 'zip', '-t', '-w', '48', '-l', '64']
  return [...copies, { name: `${kind}, BigTIFF, zip`, args: big }]
}

/** Fax and others of one bit, the bits of a byte turned round or not. */
function listBilevelCopies(): Copy[] {
  return ['none', 'g3:1d', 'g3:2d', 'g3:2d:fill', 'g4', 'lzw', 'packbits'].flatMap(coding =>
    ['msb2lsb', 'lsb2msb'].flatMap(fill => [
      { name: `one bit, ${coding}, ${fill}, strips`, args: ['-c', coding, '-f', fill, '-s', '-r', '13'] },
      {
        name: `one bit, ${coding}, ${fill}, tiles`,
        args: ['-c', coding, '-f', fill, '-t', '-w', '48', '-l', '32'],
      },
    ]),
  )
}

/** The copies of a file that tiffcp makes; those that it refuses to make are left out. */
function runCopies(folder: string, file: Uint8Array, copies: readonly Copy[]): Variant[] {
  const [from, to] = [join(folder, 'from.tif'), join(folder, 'to.tif')]
  writeFileSync(from, file)
  return copies.flatMap(({ name, args }) => {
    try {
      execFileSync('tiffcp', [...args, from, to], { stdio: 'ignore' })
    } catch {
      return []
    }
    return [{ name, bytes: new Uint8Array(readFileSync(to)) }]
  })
}

/** Copies by tiffcp of every kind of samples. */
export async function makeCopies(folder: string): Promise<Variant[]> {
  const variants: Variant[] = []
  for (const [kind, make] of kinds) {
    const file = await make().tiff({ compression: 'none' }).toBuffer()
    variants.push(...runCopies(folder, file, listCopies(kind)))
  }
  const black = createPicture(width, height, 1).threshold(100).toColourspace('b-w')
  const bilevel = await black.tiff({ bitdepth: 1, compression: 'none', predictor: 'none' }).toBuffer()
  return [...variants, ...runCopies(folder, bilevel, listBilevelCopies())]
}

/** The picture of the variants with every sample in it, for comparisons. */
export function variantPicture(): Sharp {
  return createPicture(width, height, 3)
}

/** What libvips makes of `box` of a file: its kind and its samples, in the depth that they have. */
export async function readBox(
  file: Uint8Array,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): Promise<{ readonly facts: string; readonly samples: Buffer }> {
  const { space, channels, depth, hasProfile, hasAlpha } = await sharp(file).metadata()
  const wide = depth === 'ushort' ? (channels < 3 ? 'grey16' : 'rgb16') : undefined
  const image = sharp(file, { failOn: 'error' }).extract({
    left: box.x,
    top: box.y,
    width: box.width,
    height: box.height,
  })
  const samples = wide
    ? await image.toColourspace(wide).raw({ depth: 'ushort' }).toBuffer()
    : await image.raw().toBuffer()
  return { facts: [space, channels, depth, hasProfile, hasAlpha].join(' '), samples }
}
