import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { type MetadataBlocks, parseMetadata } from '../../src/image/metadata.js'
import { openReader } from '../../src/image/reader.js'
import { xmpPacket } from '../presentation/images.js'
import { bytesSource, createFolder, writeSource } from './picture.js'
import { ascii, bytes, imageFields, long, short, type WriterOptions, writeTiff } from './tiff/writer.js'

const none = (...texts: string[]) => ({ none: texts })
const parse = (blocks: MetadataBlocks) => parseMetadata(blocks)
const text = (content: string) => new TextEncoder().encode(content)
const parseXmp = (properties: string, attributes = '') =>
  parse({ xmp: text(xmpPacket(properties, attributes)) })

async function readBytes(image: Uint8Array) {
  const reader = await openReader(bytesSource(image))
  try {
    return await reader.metadata?.()
  } finally {
    await reader.close()
  }
}

describe('what an image tells about itself', () => {
  const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: '#208040' } })
    .withExif({
      IFD0: {
        Artist: 'Ada; Bob',
        Copyright: '(c) Ada',
        ImageDescription: 'A field',
        Make: 'Canon',
        Model: 'Canon EOS',
      },
      IFD2: { DateTimeOriginal: '2020:01:02 03:04:05', LensModel: 'EF 50mm' },
      IFD3: { GPSLatitude: '51/1 30/1 0/1', GPSLatitudeRef: 'N' },
    })
    .withXmp(xmpPacket('<dc:title><rdf:Alt><rdf:li xml:lang="en">Green</rdf:li></rdf:Alt></dc:title>'))

  it.each(['jpeg', 'png', 'webp', 'avif'] as const)(
    'is read from a %s, from memory and from a file',
    async format => {
      const image = await picture.clone()[format]().toBuffer()
      const expected = {
        title: { en: ['Green'] },
        description: none('A field'),
        creator: none('Ada', 'Bob'),
        created: none('2020-01-02T03:04:05'),
        copyright: none('(c) Ada'),
        camera: none('Canon EOS'),
        lens: none('EF 50mm'),
      }
      expect(await readBytes(image)).toEqual(expected)
      const reader = await openReader(await writeSource(await createFolder(), `told.${format}`, image))
      expect(await reader.metadata?.()).toEqual(expected)
      await reader.close()
    },
  )

  it('is nothing where nothing is told', async () => {
    const plain = sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } })
    expect(await readBytes(await plain.clone().png().toBuffer())).toEqual({})
    expect(await readBytes(await plain.clone().gif().toBuffer())).toEqual({})
    expect(await readBytes(await plain.tiff({ tile: true }).toBuffer())).toEqual({})
  })

  it('never names a place', async () => {
    const found = await readBytes(await picture.clone().jpeg().toBuffer())
    expect(JSON.stringify(found)).not.toMatch(/51|GPS|latitude/i)
  })

  it('believes XMP before IPTC, and IPTC before EXIF, field by field', async () => {
    const exif = await readExifOf({ ImageDescription: 'by EXIF', Copyright: 'by EXIF', Artist: 'by EXIF' })
    const iptc = iptcRecord([2, 120, 'by IPTC'], [2, 116, 'by IPTC'])
    const xmp = text(xmpPacket('<dc:description>by XMP</dc:description>'))
    expect(await parse({ exif, iptc, xmp })).toMatchObject({
      description: none('by XMP'),
      copyright: none('by IPTC'),
      creator: none('by EXIF'),
    })
  })
})

describe('TIFF', () => {
  const fields = [
    ...imageFields(16, 16),
    ascii(0x10e, 'A map'),
    ascii(0x10f, 'Phase'),
    ascii(0x110, 'One IQ'),
    ascii(0x132, '2021:05:06 07:08:09'),
    ascii(0x13b, 'Ada'),
    ascii(0x8298, 'Public'),
    bytes(700, text(xmpPacket('<dc:title>Map of 1652</dc:title>'))),
    bytes(33723, iptcRecord([2, 110, 'Library'])),
  ]
  const tiles = [new Uint8Array(16 * 16)]

  it.each<[name: string, WriterOptions]>([
    ['with the low byte first', {}],
    ['with the high byte first', { bigEndian: true }],
    ['of more than four gigabytes', { bigTiff: true }],
    ['of both', { bigTiff: true, bigEndian: true }],
  ])('%s is read from its own fields', async (_, options) => {
    const image = writeTiff([{ fields, tiles, strips: true }], options)
    expect(await readBytes(image)).toEqual({
      title: none('Map of 1652'),
      description: none('A map'),
      creator: none('Ada'),
      created: none('2021-05-06T07:08:09'),
      copyright: none('Public'),
      credit: none('Library'),
      camera: none('Phase One IQ'),
    })
  })

  it('is shown also where its metadata lies outside the file', async () => {
    const broken = { tag: 0x13b, type: 2, values: [65], count: 5_000, offset: 2 ** 31 }
    const image = writeTiff([
      { fields: [...imageFields(16, 16), broken, ascii(0x10e, 'A map')], tiles, strips: true },
    ])
    expect(await readBytes(image)).toEqual({ description: none('A map') })
    const lost = [...imageFields(16, 16), long(0x8769, 2 ** 31), ascii(0x8298, 'Public')]
    expect(await readBytes(writeTiff([{ fields: lost, tiles, strips: true }]))).toEqual({
      copyright: none('Public'),
    })
  })
})

describe('EXIF', () => {
  it('has texts in UTF-8 where they are that, else in what Windows called ANSI', async () => {
    const latin = writeTiff([{ fields: [{ tag: 0x10e, type: 2, values: [0x4d, 0xfc, 0x6c, 0x6c, 0] }] }])
    expect(await parse({ exif: latin })).toEqual({ description: none('Müll') })
    const utf8 = writeTiff([{ fields: [ascii(0x10e, 'Müll 🎨')] }])
    expect(await parse({ exif: utf8 })).toEqual({ description: none('Müll 🎨') })
  })

  it('has a title that Windows writes in UTF-16', async () => {
    const title = [...Buffer.from('Größe\0', 'utf16le')]
    expect(await parse({ exif: writeTiff([{ fields: [{ tag: 0x9c9b, type: 1, values: title }] }]) })).toEqual(
      {
        title: none('Größe'),
      },
    )
  })

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['only a marker', text('Exif\0\0')],
    ['another byte order', text('Exif\0\0XX*\0\0\0\0\0')],
    ['a directory beyond the end', new Uint8Array([0x49, 0x49, 42, 0, 0xff, 0xff, 0, 0])],
    ['a directory that is itself the header', new Uint8Array([0x49, 0x49, 42, 0, 0, 0, 0, 0])],
    ['a number of fields that is none', writeTiff([{ fields: [short(0x10e, 1, 2, 3, 4)] }])],
  ])('with %s is nothing', async (_, exif) => {
    expect(await parse({ exif })).toEqual({})
  })

  it('of two directories that lead to each other is read once', async () => {
    const loop = writeTiff([{ fields: [ascii(0x10e, 'once'), long(0x8769, 8)] }])
    expect(await parse({ exif: loop })).toEqual({ description: none('once') })
  })
})

describe('IPTC', () => {
  it('is read from a record', async () => {
    const iptc = iptcRecord(
      [1, 90, '\x1b%G'],
      [2, 5, 'Titel'],
      [2, 25, 'eins'],
      [2, 25, 'zwei'],
      [2, 55, '16520300'],
      [2, 80, 'Ädä'],
      [2, 115, 'Archive'],
      [2, 200, 'unknown'],
    )
    expect(await parse({ iptc })).toEqual({
      title: none('Titel'),
      keywords: none('eins', 'zwei'),
      created: none('1652-03'),
      creator: none('Ädä'),
      source: none('Archive'),
    })
  })

  it('is found among the image resources of Photoshop', async () => {
    const record = iptcRecord([2, 5, 'Title'])
    const resource = (id: number, name: string, data: Uint8Array) => {
      const head = Buffer.alloc(12 + ((name.length + 2) & ~1) - 2)
      head.write('8BIM')
      head.writeUInt16BE(id, 4)
      head[6] = name.length
      head.write(name, 7)
      head.writeUInt32BE(data.length, head.length - 4)
      return Buffer.concat([head, data, Buffer.alloc(data.length % 2)])
    }
    for (const name of ['', 'a', 'ab']) {
      const block = Buffer.concat([resource(0x03ed, name, Buffer.alloc(3)), resource(0x0404, name, record)])
      expect(await parse({ iptc: block })).toEqual({ title: none('Title') })
      expect(await parse({ iptc: Buffer.concat([Buffer.from('Photoshop 3.0\0'), block]) })).toEqual({
        title: none('Title'),
      })
    }
  })

  it('that is not said to be UTF-8 is taken for it where it is, else for Latin-1', async () => {
    expect(await parse({ iptc: iptcRecord([2, 5, 'Größe']) })).toEqual({ title: none('Größe') })
    const latin = Buffer.concat([Buffer.from([0x1c, 2, 5, 0, 2]), Buffer.from([0xfc, 0x62])])
    expect(await parse({ iptc: latin })).toEqual({ title: none('üb') })
  })

  it('ends where a length is a lie', async () => {
    const cut = Buffer.concat([iptcRecord([2, 5, 'kept']), Buffer.from([0x1c, 2, 120, 0, 200, 65])])
    expect(await parse({ iptc: cut })).toEqual({ title: none('kept') })
    const endless = Buffer.concat([
      iptcRecord([2, 5, 'kept']),
      Buffer.from([0x1c, 2, 120, 0x80, 4, 0, 0, 0, 9]),
    ])
    expect(await parse({ iptc: endless })).toEqual({ title: none('kept') })
  })
})

describe('XMP', () => {
  it.each<[name: string, properties: string, attributes: string, expected: object]>([
    ['an element', '<dc:title>Map</dc:title>', '', { title: none('Map') }],
    [
      'an attribute',
      '',
      'photoshop:Credit="The &quot;Library&quot; &#38; co"',
      { credit: none('The "Library" & co') },
    ],
    [
      'languages',
      alt('dc:title', ['x-default', 'Map'], ['en', 'Map'], ['de-CH', 'Karte']),
      '',
      { title: { en: ['Map'], 'de-CH': ['Karte'] } },
    ],
    [
      'a default that is none of the languages',
      alt('dc:title', ['x-default', 'Map'], ['de', 'Karte']),
      '',
      { title: { none: ['Map'], de: ['Karte'] } },
    ],
    [
      'a language that is none',
      alt('dc:title', ['<>"', 'Map']).replace('<>"', 'a b'),
      '',
      { title: none('Map') },
    ],
    [
      'a list',
      '<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>map</rdf:li><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>',
      '',
      { keywords: none('sea', 'map') },
    ],
    [
      'CDATA and comments',
      '<dc:title><!-- no --><![CDATA[<Map> & more]]></dc:title>',
      '',
      { title: none('<Map> & more') },
    ],
    [
      'a URI as a resource',
      '<cc:license rdf:resource="http://creativecommons.org/licenses/by/4.0/"/>',
      '',
      { license: none('http://creativecommons.org/licenses/by/4.0/') },
    ],
    [
      'a statement of rights',
      '<xmpRights:WebStatement>https://example.org/r</xmpRights:WebStatement>',
      '',
      { license: none('https://example.org/r') },
    ],
    [
      'a camera',
      '<tiff:Make>Phase One</tiff:Make><tiff:Model>IQ4</tiff:Model>',
      '',
      { camera: none('Phase One IQ4') },
    ],
    ['a date that is none', '<xmp:CreateDate>yesterday</xmp:CreateDate>', '', {}],
    ['an empty value', '<dc:title>  </dc:title>', '', {}],
    [
      'a structure',
      '<dc:title><rdf:Description><dc:title>inner</dc:title></rdf:Description></dc:title>',
      '',
      {},
    ],
    ['an unknown property', '<dc:nothing>no</dc:nothing>', '', {}],
  ])('has %s', async (_, properties, attributes, expected) => {
    expect(await parseXmp(properties, attributes)).toEqual(expected)
  })

  it('has namespaces by their names, whatever their prefixes are', async () => {
    const packet = `<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description xmlns:core="http://purl.org/dc/elements/1.1/" xmlns:dc="urn:other" core:title="right" dc:title="wrong"/></r:RDF>`
    expect(await parse({ xmp: text(packet) })).toEqual({ title: none('right') })
  })

  it('may be in UTF-16', async () => {
    const packet = xmpPacket('<dc:title>Größe</dc:title>')
    const little = Buffer.from(`\ufeff${packet}`, 'utf16le')
    expect(await parse({ xmp: little })).toEqual({ title: none('Größe') })
    expect(await parse({ xmp: Buffer.from(little).swap16() })).toEqual({ title: none('Größe') })
  })

  it('is nothing behind a document type, and no entity grows', async () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "${'b'.repeat(99)}"><!ENTITY c "&a;&a;">]>${xmpPacket('<dc:title>&c;</dc:title>')}`
    expect(await parse({ xmp: text(bomb) })).toEqual({})
    expect(await parseXmp('<dc:title>&c;&amp;&#0;&#xffffffff;</dc:title>')).toEqual({
      title: none('&c;&&#xffffffff;'),
    })
  })

  it('that is too deep, too long or broken is nothing or what came before', async () => {
    expect(await parseXmp(`<dc:title>kept</dc:title>${'<a:b>'.repeat(500)}`)).toEqual({ title: none('kept') })
    expect(await parseXmp('<dc:title>kept</dc:title><dc:creator>cut')).toMatchObject({ title: none('kept') })
    expect(await parse({ xmp: text(xmpPacket(`<dc:title>${'a'.repeat(2 ** 20)}</dc:title>`)) })).toEqual({})
    const many = Array.from({ length: 5_000 }, (_, i) => `<rdf:li>k${i}</rdf:li>`).join('')
    expect(
      (await parseXmp(`<dc:subject><rdf:Bag>${many}</rdf:Bag></dc:subject>`)).keywords?.none,
    ).toHaveLength(50)
  })
})

describe('a text', () => {
  it.each<[name: string, given: string, shown: string | undefined]>([
    ['loses what cannot be seen', 'a\u0000b\u0007c\u202ed\ufeffe', 'abcde'],
    ['keeps its lines, without the carriage returns', 'a\r\nb\rc\n\n\n\nd', 'a\nb\nc\n\nd'],
    ['loses white space around its lines', '  a\t b  \n  c  ', 'a  b\nc'],
    ['keeps marks that its script needs', 'a\u200fb', 'a\u200fb'],
    ['of nothing but spaces is none', ' \n\t ', undefined],
    ['is cut', '🎨'.repeat(5_000), '🎨'.repeat(4_000)],
  ])('%s', async (_, given, shown) => {
    const iptc = iptcRecord([1, 90, '\x1b%G'], [2, 120, given])
    expect((await parse({ iptc })).description?.none?.[0]).toBe(shown)
  })

  it.each<[written: string, date: string | undefined]>([
    ['2020:01:02 03:04:05', '2020-01-02T03:04:05'],
    ['2020-01-02T03:04:05.123+01:00', '2020-01-02T03:04:05.123+01:00'],
    ['2020-01-02T03:04Z', '2020-01-02T03:04Z'],
    ['2020-01-02', '2020-01-02'],
    ['2020-01', '2020-01'],
    ['2020', '2020'],
    ['20200102', '2020-01-02'],
    ['20200100', '2020-01'],
    ['2020:00:00', undefined],
    ['0000:00:00 00:00:00', undefined],
    ['2020-13-01', undefined],
    ['2020-01-32', undefined],
    ['    :  :     :  :  ', undefined],
    ['1652 or so', undefined],
  ])('%j is the date %s', async (written, date) => {
    const found = await parseXmp(`<xmp:CreateDate>${written}</xmp:CreateDate>`)
    expect(found.created?.none?.[0]).toBe(date)
  })
})

describe('whatever the bytes are', () => {
  const shaped = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.uint8Array({ maxLength: 400 }).map(rest => Buffer.concat([Buffer.from('II*\0\x08\0\0\0'), rest])),
    fc.uint8Array({ maxLength: 400 }).map(rest => Buffer.concat([Buffer.from('\x1c\x02\x05\0'), rest])),
    fc.uint8Array({ maxLength: 400 }).map(rest => Buffer.concat([Buffer.from('8BIM\x04\x04\0\0'), rest])),
    fc.string({ maxLength: 400 }).map(inner => text(xmpPacket(inner))),
    fc
      .array(
        fc.constantFrom(
          '<dc:title>',
          '</dc:title>',
          '<rdf:Alt>',
          '<rdf:li a="b">',
          '/>',
          '<',
          '&#x41;',
          ']]>',
          'é',
        ),
      )
      .map(parts => text(xmpPacket(parts.join('')))),
  )

  it('they give short, clean texts and no error', async () => {
    await fc.assert(
      fc.asyncProperty(shaped, async block => {
        for (const blocks of [{ exif: block }, { iptc: block }, { xmp: block }]) {
          for (const map of Object.values(await parse(blocks))) {
            for (const shown of Object.values(map).flat()) {
              expect(shown).not.toBe('')
              expect([...shown].length).toBeLessThanOrEqual(4_000)
              expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cs}]/u)
            }
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

function alt(name: string, ...texts: (readonly [language: string, text: string])[]): string {
  const items = texts.map(([language, content]) => `<rdf:li xml:lang="${language}">${content}</rdf:li>`)
  return `<${name}><rdf:Alt>${items.join('')}</rdf:Alt></${name}>`
}

function iptcRecord(...datasets: (readonly [record: number, dataset: number, value: string])[]): Uint8Array {
  return Buffer.concat(
    datasets.map(([record, dataset, value]) => {
      const content = Buffer.from(value)
      const head = Buffer.from([0x1c, record, dataset, content.length >> 8, content.length & 0xff])
      return Buffer.concat([head, content])
    }),
  )
}

async function readExifOf(fields: Record<string, string>): Promise<Uint8Array> {
  const image = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
  const { exif } = await sharp(await image.withExif({ IFD0: fields }).jpeg().toBuffer()).metadata()
  if (!exif) throw new Error('expected EXIF')
  return exif
}
