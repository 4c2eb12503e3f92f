/* Pictures of one colour that is nowhere else, and the search for it in whatever a client is sent. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import type { Reply } from '../adapters/server.js'
import { createFolder } from '../image/picture.js'

/** The size of the pictures: no number of it is in anything else that is sent. */
export const size = { width: 768, height: 640 }

const paint = () =>
  sharp({ create: { ...size, channels: 3, background: '#ff00ff' } }).withExif({
    IFD0: { Copyright: 'embedded words' },
  })

/** A folder with `internal.jpg`, which is sent as it is, and `internal.tif`, whose tiles of 128 are. */
export async function writeMarked(): Promise<string> {
  const folder = await createFolder()
  await writeFile(join(folder, 'internal.jpg'), await paint().jpeg({ quality: 90 }).toBuffer())
  const pyramid = { tile: true, tileWidth: 128, tileHeight: 128, pyramid: true } as const
  const tiff = paint().tiff({ ...pyramid, compression: 'jpeg', quality: 90 })
  await writeFile(join(folder, 'internal.tif'), await tiff.toBuffer())
  return folder
}

/** How many pixels of a body have the colour; 0 for what is no image. */
export async function countMarked(body: Uint8Array): Promise<number> {
  if (body.byteLength === 0) return 0
  const decoded = await sharp(body)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(() => undefined)
  if (decoded === undefined) return 0
  const { data } = decoded
  let count = 0
  for (let at = 0; at + 2 < data.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3)
    if (red > 200 && green < 90 && blue > 200) count += 1
  }
  return count
}

const imageStarts = ['ffd8ff', '89504e47', '49492a00', '4d4d002a', '52494646', '47494638', '66747970']

/** What of a reply tells something of the picture to who may not see it; nothing, where all is well. */
export async function findLeaks({ headers, body }: Reply): Promise<string[]> {
  const text = body.toString('latin1')
  const hex = body.subarray(0, 16).toString('hex')
  const told = ['etag', 'last-modified', 'link', 'content-disposition', 'content-range', 'accept-ranges']
  return [
    ...((await countMarked(body)) > 0 ? ['pixels'] : []),
    ...(imageStarts.some(start => hex.includes(start)) ? ['the beginning of an image'] : []),
    ...['embedded words', String(size.width), String(size.height)].filter(word => text.includes(word)),
    ...told.filter(name => headers[name] !== undefined),
    ...(/^image\//.test(String(headers['content-type'])) ? ['the type of an image'] : []),
  ]
}

/** A reply without what is another thing each time. */
export function withoutTime({ status, headers, body }: Reply): unknown {
  const { date: _date, connection: _connection, 'keep-alive': _alive, ...rest } = headers
  return { status, headers: rest, body: body.toString('latin1') }
}
