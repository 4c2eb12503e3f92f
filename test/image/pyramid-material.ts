/* Files with metadata, and a look at the metadata of files, for the tests of pyramids. */
import { readFile } from 'node:fs/promises'
import { firstNumber, readDirectory, readHeader } from '../../src/image/pyramid/directory.js'

/** Puts an IPTC record with a caption into a JPEG, as Photoshop does: a resource in APP13. */
export function buildJpegWithIptc(jpeg: Buffer, caption: string): Buffer {
  const record = Buffer.concat([Buffer.from([0x1c, 2, 120, 0, caption.length]), Buffer.from(caption)])
  const other = Buffer.concat([Buffer.from('8BIM'), Buffer.from([3, 0xed, 0, 0, 0, 0, 0, 2, 1, 2])])
  const resource = Buffer.concat([
    Buffer.from('8BIM'),
    Buffer.from([4, 4, 3]),
    Buffer.from('abc'),
    Buffer.from([0, 0, 0, record.length]),
    record,
    Buffer.alloc(record.length % 2),
  ])
  const body = Buffer.concat([Buffer.from('Photoshop 3.0\0'), other, resource])
  const length = body.length + 2
  return Buffer.concat([
    jpeg.subarray(0, 2),
    Buffer.from([0xff, 0xed, length >> 8, length & 0xff]),
    body,
    jpeg.subarray(2),
  ])
}

/** The fields of the first directory of a TIFF, of its Exif and of its GPS directory, by their tags. */
export async function readTiffFields(path: string) {
  const bytes = await readFile(path)
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length)
  const header = await readHeader(read)
  const { fields } = await readDirectory(read, header.first, header)
  const directoryAt = async (tag: number) => {
    const field = fields.find(found => found.tag === tag)
    return field ? (await readDirectory(read, firstNumber(field) ?? 0, header)).fields : []
  }
  const mapOf = (list: typeof fields) => new Map(list.map(field => [field.tag, field.bytes]))
  return { first: mapOf(fields), exif: mapOf(await directoryAt(34665)), gps: mapOf(await directoryAt(34853)) }
}
