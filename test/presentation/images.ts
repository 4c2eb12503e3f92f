/* A folder of small images that tell about themselves, and a service over it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll } from 'vitest'
import type { ImageServiceOptions } from '../../src/options.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { fromPixels, wavePixels } from '../image/picture.js'
import { makePyramid } from '../service/folder.js'

/** An XMP packet around properties of rdf:Description. */
export function xmpPacket(properties: string, attributes = ''): string {
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:cc="http://creativecommons.org/ns#"
  xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"
  xmlns:tiff="http://ns.adobe.com/tiff/1.0/" ${attributes}>${properties}</rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
}

const told = xmpPacket(
  `<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Waves</rdf:li><rdf:li xml:lang="en">Waves</rdf:li>
   <rdf:li xml:lang="de">Wellen</rdf:li></rdf:Alt></dc:title>
   <dc:description><rdf:Alt><rdf:li xml:lang="en">&lt;b&gt;Waves&lt;/b&gt; &amp; more &lt;br&gt;</rdf:li></rdf:Alt></dc:description>
   <dc:creator><rdf:Seq><rdf:li>Ada</rdf:li><rdf:li>Eve</rdf:li></rdf:Seq></dc:creator>
   <cc:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/>`,
  'photoshop:DateCreated="1652-03" photoshop:Credit="Library of Waves" xmp:CreatorTool="Brush 1"',
)

/** A folder with `map.tif`, `told.jpg`, `plain.png` and `2024/ü & <b>.jpg`; it goes with the tests of a file. */
export function createFolder(): { readonly folder: string; fill(): Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), 'honeydew-presentation-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return {
    folder,
    async fill() {
      const { mkdir, writeFile } = await import('node:fs/promises')
      await mkdir(join(folder, '2024'))
      await writeFile(
        join(folder, 'map.tif'),
        await makePyramid(1216, 928, { compression: 'jpeg', xres: 12, yres: 12 }),
      )
      const waves = fromPixels(wavePixels(900, 600))
      await waves.clone().withDensity(300).withXmp(told).jpeg().toFile(join(folder, 'told.jpg'))
      await waves.clone().png().toFile(join(folder, 'plain.png'))
      await sharp(await waves.resize(300).raw().toBuffer(), { raw: { width: 300, height: 200, channels: 3 } })
        .jpeg()
        .toFile(join(folder, '2024/ü & <b>.jpg'))
    },
  }
}

/** A service over a folder, closed with the tests of a file. */
export function createService(folder: string, options: Partial<ImageServiceOptions> = {}): ImageService {
  const service = createImageService({ source: fileSource(folder), ...options })
  afterAll(() => service.close())
  return service
}
