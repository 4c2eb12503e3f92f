/* XMP (ISO 16684-1): properties of one resource in RDF, as elements or attributes of rdf:Description, their values alone or
   in rdf:Alt, rdf:Seq and rdf:Bag. */
import type { FoundFields } from './exif.js'
import { joinCamera } from './exif.js'
import { type FoundText, parseDate } from './text.js'
import { listXmlEvents } from './xml.js'

/** A packet beyond this is not read, in bytes: it is no longer a description. */
const maxPacketBytes = 2 ** 20
const maxDepth = 64
const maxValues = 200

/* The names that are usual, for the namespaces that are read: prefixes are the writer's choice. */
const namespaces: Readonly<Record<string, string>> = {
  'http://www.w3.org/1999/02/22-rdf-syntax-ns#': 'rdf',
  'http://purl.org/dc/elements/1.1/': 'dc',
  'http://ns.adobe.com/xap/1.0/': 'xmp',
  'http://ns.adobe.com/xap/1.0/rights/': 'xmpRights',
  'http://ns.adobe.com/photoshop/1.0/': 'photoshop',
  'http://creativecommons.org/ns#': 'cc',
  'http://ns.adobe.com/tiff/1.0/': 'tiff',
  'http://ns.adobe.com/exif/1.0/': 'exif',
  'http://cipa.jp/exif/1.0/': 'exifEX',
  'http://ns.adobe.com/exif/1.0/aux/': 'aux',
}

/* Of several properties the first that is there. */
const properties: readonly (readonly [field: keyof FoundFields, names: readonly string[]])[] = [
  ['title', ['dc:title']],
  ['description', ['dc:description']],
  ['creator', ['dc:creator', 'tiff:Artist']],
  ['copyright', ['dc:rights', 'tiff:Copyright']],
  ['keywords', ['dc:subject']],
  ['credit', ['photoshop:Credit']],
  ['source', ['photoshop:Source', 'dc:source']],
  ['created', ['photoshop:DateCreated', 'exif:DateTimeOriginal', 'xmp:CreateDate']],
  ['license', ['cc:license', 'xmpRights:WebStatement']],
  ['lens', ['exifEX:LensModel', 'aux:Lens']],
  ['software', ['xmp:CreatorTool']],
]

/** Reads an XMP packet; what is none gives nothing. */
export function parseXmp(packet: Uint8Array): FoundFields {
  if (packet.length > maxPacketBytes) return {}
  const values = readProperties(decodePacket(packet))
  const found: Partial<Record<keyof FoundFields, readonly FoundText[]>> = {}
  for (const [field, names] of properties) {
    const texts = names.map(name => values.get(name)).find(Boolean)
    if (texts !== undefined) found[field] = field === 'created' ? texts.flatMap(readDate) : texts
  }
  const [make, model] = ['tiff:Make', 'tiff:Model'].map(name => values.get(name)?.[0]?.text ?? '')
  if (make || model) found.camera = [{ text: joinCamera(make ?? '', model ?? ''), language: 'none' }]
  return found
}

function readDate({ text, language }: FoundText): FoundText[] {
  const date = parseDate(text)
  return date === undefined ? [] : [{ text: date, language }]
}

/* UTF-8 nearly always; the others are told by their first characters, which are ASCII. */
function decodePacket(packet: Uint8Array): string {
  const [first, second] = packet
  const encoding = first === 0 || (first === 0xfe && second === 0xff) ? 'utf-16be' : 'utf-8'
  const isLittle = second === 0 || (first === 0xff && second === 0xfe)
  return new TextDecoder(isLittle ? 'utf-16le' : encoding).decode(packet)
}

interface Element {
  readonly name: string
  readonly language: string
  text: string
}

function readProperties(document: string): Map<string, FoundText[]> {
  const values = new Map<string, FoundText[]>()
  const add = (property: string, text: string, language: string) => {
    const list = values.get(property) ?? []
    if (text.trim() === '' || list.length >= maxValues) return
    values.set(property, [...list, { text, language }])
  }
  const prefixes = new Map<string, string>()
  const path: Element[] = []
  for (const event of listXmlEvents(document)) {
    const top = path.at(-1)
    if (event.kind === 'text') {
      if (top !== undefined) top.text += event.text
    } else if (event.kind === 'close') {
      const element = path.pop()
      const property = element && findProperty([...path, element])
      if (element && property) add(property, element.text, element.language)
    } else {
      if (path.length >= maxDepth) break
      openElement(event, path, prefixes, add)
    }
  }
  return values
}

function openElement(
  { name, attributes }: { readonly name: string; readonly attributes: ReadonlyMap<string, string> },
  path: Element[],
  prefixes: Map<string, string>,
  add: (property: string, text: string, language: string) => void,
): void {
  for (const [key, value] of attributes) {
    if (key.startsWith('xmlns:')) prefixes.set(key.slice(6), namespaces[value] ?? '')
  }
  const expand = (qualified: string) => {
    const [prefix = '', local = ''] = qualified.split(':', 2)
    return `${prefixes.get(prefix) ?? ''}:${local}`
  }
  const expanded = expand(name)
  const language = attributes.get('xml:lang') ?? 'none'
  path.push({ name: expanded, language: language === 'x-default' ? 'none' : language, text: '' })
  for (const [key, value] of attributes) {
    if (expanded === 'rdf:Description' && isTop(path)) add(expand(key), value, 'none')
    // A value that is a URI.
    if (expand(key) === 'rdf:resource') add(findProperty(path) ?? '', value, 'none')
  }
}

/* The property that an element is a value of: rdf:Description/property, or behind it a container and rdf:li. */
function findProperty(path: readonly Element[]): string | undefined {
  const names = path.map(({ name }) => name)
  const at = names.indexOf('rdf:Description')
  if (at < 0) return undefined
  const [property, container = '', item] = names.slice(at + 1)
  const depth = names.length - at - 1
  if (depth === 1) return property
  const isItem = depth === 3 && item === 'rdf:li' && /^rdf:(?:Alt|Seq|Bag)$/.test(container)
  return isItem ? property : undefined
}

function isTop(path: readonly Element[]): boolean {
  return path.findIndex(({ name }) => name === 'rdf:Description') === path.length - 1
}
