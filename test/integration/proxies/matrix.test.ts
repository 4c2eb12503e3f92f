/* Each proxy in front of a honeydew, with the configuration of the examples: identifiers come through as they were sent, and
   every URI that a client is given leads back to where it was. */
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { formatIdentifier } from '../../../src/protocol/identifier.js'
import { colourOf, names } from '../../adapters/sources.js'
import { describeBehind } from './behind.js'
import { clientAddress, photoSite, type Reply, type Site, sites } from './client.js'
import { moreNames } from './upstream.js'

const versions = [2, 3] as const
const wholeSize = { 2: 'full/full', 3: 'full/max' } as const

/** Something that is asked for of each identifier, on each site, in each version. */
interface Document {
  /** How the tests call it. */
  readonly title: string
  /** Its path. */
  path(identifier: string, version: 2 | 3): string
  /** What the answer says. */
  read(reply: Reply, version: 2 | 3): Promise<readonly unknown[]> | readonly unknown[]
  /** What it must say; `root` and `id` are the public address and the base URI as the client knows them. */
  expect(id: string, picture: Picture, version: 2 | 3, root: string): readonly unknown[]
}

const documents: readonly Document[] = [
  {
    title: 'info.json',
    path: (identifier, version) => `/iiif/${version}/${identifier}/info.json`,
    read({ status, body }, version) {
      const info = JSON.parse(body.toString())
      return [status, info[version === 2 ? '@id' : 'id'], info.width]
    },
    expect: (id, { width }) => [200, id, width],
  },
  {
    title: 'an image and the link to its canonical URI',
    path: (identifier, version) => `/iiif/${version}/${identifier}/${wholeSize[version]}/0/default.png`,
    read: async ({ status, headers, body }) => [
      status,
      headers.link?.match(/^<.*?>/)?.[0],
      await readColour(body),
    ],
    expect: (id, { colour }, version) => [200, `<${id}/${wholeSize[version]}/0/default.png>`, colour],
  },
  {
    title: 'the base URI, which leads to info.json',
    path: (identifier, version) => `/iiif/${version}/${identifier}`,
    read: ({ status, headers }) => [status, headers.location],
    expect: id => [303, `${id}/info.json`],
  },
  {
    title: 'a slash too many, which leads to the base URI',
    path: (identifier, version) => `/iiif/${version}/${identifier}/`,
    read: ({ status, headers }) => [status, headers.location],
    expect: id => [301, id],
  },
  {
    title: 'the manifest and the image in it',
    path: (identifier, version) => `/presentation/${version}/${identifier}/manifest`,
    read: ({ status, body }, version) => [status, ...readManifest(JSON.parse(body.toString()), version)],
    expect: (id, { width }, version, root) => [
      200,
      `${root}/presentation/${version}${id.slice(`${root}/iiif/${version}`.length)}/manifest`,
      id,
      width,
    ],
  },
]

/* Its own address, the base URI of the image on its first canvas, and how wide that is. */
function readManifest(manifest: Manifest, version: 2 | 3): readonly unknown[] {
  if (version === 2) {
    const [canvas] = manifest.sequences[0]?.canvases ?? []
    return [manifest['@id'], canvas?.images[0]?.resource.service['@id'], canvas?.width]
  }
  const [canvas] = manifest.items
  return [manifest.id, canvas?.items[0]?.items[0]?.body.service[0]?.id, canvas?.width]
}

/* What is looked at in manifests of both versions. */
interface Manifest {
  readonly id: string
  readonly items: readonly {
    readonly width: number
    readonly items: readonly { readonly items: readonly { readonly body: Body }[] }[]
  }[]
  readonly '@id': string
  readonly sequences: readonly { readonly canvases: readonly OldCanvas[] }[]
}

interface Body {
  readonly service: readonly { readonly id: string }[]
}

interface OldCanvas {
  readonly width: number
  readonly images: readonly { readonly resource: { readonly service: { readonly '@id': string } } }[]
}

interface Picture {
  readonly width: number
  readonly colour: readonly number[]
}

const pictures: readonly (readonly [sent: string, picture: Picture])[] = [
  ...names.map(([sent, file]) => [sent, { width: 40, colour: colourOf(file) }] as const),
  ...moreNames.map(([sent, , width]) => [sent, { width, colour: [200, width, 30] }] as const),
]

async function readColour(body: Buffer): Promise<readonly number[]> {
  const pixels = await sharp(body).removeAlpha().raw().toBuffer()
  return [...pixels.subarray(0, 3)]
}

describeBehind(chain => {
  /** Asks for a document of each identifier at the same time. */
  async function check(site: Site, document: Document, version: 2 | 3) {
    const root = chain.client.baseOf(site)
    const answers = pictures.map(async ([sent]) => {
      const path = `${site.path}${document.path(sent, version)}`
      return [sent, ...(await document.read(await chain.client.ask(site, path), version))]
    })
    const expected = pictures.map(([sent, picture]) => [
      sent,
      ...document.expect(`${root}/iiif/${version}/${sent}`, picture, version, root),
    ])
    expect(await Promise.all(answers)).toEqual(expected)
  }

  const rows = sites.flatMap(site =>
    documents.map(document => [document.title, site.title, site, document] as const),
  )
  it.each(rows)('gives %s, %s, whatever the identifier', async (_what, _where, site, document) => {
    for (const version of versions) await check(site, document, version)
  })

  it.each(sites)('lists manifests that are where they are said to be, $title', async site => {
    const root = chain.client.baseOf(site)
    const ids = [...new Set(names.map(([, name]) => name)), ...moreNames.map(([, name]) => name)].map(
      name => `${root}/presentation/3/${formatIdentifier(name)}/manifest`,
    )
    const { status, body } = await chain.client.ask(site, `${site.path}/presentation/3/collection`)
    const { id, items } = JSON.parse(body.toString())
    expect([status, id]).toEqual([200, `${root}/presentation/3/collection`])
    const listed = items.map((item: { readonly id: string }) => item.id)
    expect(new Set(listed)).toEqual(new Set(ids))
    const found = listed.map((at: string) => chain.client.ask(site, at.slice(new URL(root).origin.length)))
    for (const manifest of await Promise.all(found)) expect(manifest.status).toBe(200)
  })

  it.each(versions)('hides the identifier that honeydew knows, version %i', async version => {
    const path = `/iiif/${version}/cat`
    const id = `${chain.client.baseOf(photoSite)}${path}`
    const info = await chain.client.ask(photoSite, `${path}/info.json`)
    const image = await chain.client.ask(photoSite, `${path}/${wholeSize[version]}/0/default.jpg`)
    const manifest = await chain.client.ask(photoSite, `/presentation/${version}/cat/manifest`)
    const redirects = [await chain.client.ask(photoSite, path), await chain.client.ask(photoSite, `${path}/`)]
    expect(JSON.parse(info.body.toString())).toMatchObject({
      [version === 2 ? '@id' : 'id']: id,
      width: 70,
    })
    expect(image.status).toBe(200)
    expect(readManifest(JSON.parse(manifest.body.toString()), version)).toEqual([
      `${chain.client.baseOf(photoSite)}/presentation/${version}/cat/manifest`,
      id,
      70,
    ])
    expect(redirects.map(({ headers }) => headers.location)).toEqual([`${id}/info.json`, id])
    for (const { headers, body } of [info, image, manifest, ...redirects])
      expect(`${JSON.stringify(headers)}${body.toString('latin1')}`).not.toMatch(/photos(%2F|\/)/)
    expect(image.headers.link).toContain(`<${id}/${wholeSize[version]}/0/default.jpg>`)
  })

  it('passes identifiers on that are renamed as they were written', async () => {
    const sent = ['a%2Fb', '50%25', 'two%20words', '%C3%BC', 'x;y', 'ark:%2F1', 'a%2Cb', '%252F', 'q%3F']
    const seen = async (identifier: string) => {
      chain.upstream.forget()
      const { status } = await chain.client.ask(photoSite, `/iiif/3/${identifier}/info.json`)
      return [status, chain.upstream.requests.map(({ url }) => url)]
    }
    for (const identifier of sent)
      expect(await seen(identifier)).toEqual([404, [`/iiif/3/photos%2F${identifier}.jpg/info.json`]])
  })

  it('knows who asks', async () => {
    for (const site of [...sites, photoSite]) {
      chain.upstream.forget()
      await chain.client.ask(site, `${site.path}/iiif/3/plain.png/info.json?of=${site.scheme}`)
      expect(chain.upstream.reports.map(report => report.clientAddress)).toEqual([clientAddress])
    }
  })
})
