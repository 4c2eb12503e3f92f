/* As much of XML 1.0 as XMP is written in: elements, attributes, text. There are no document types and no entities but the
   five and the numbers, so that nothing can grow and nothing is fetched. */

/** One event of a document, in its order. */
export type XmlEvent =
  | { readonly kind: 'open'; readonly name: string; readonly attributes: ReadonlyMap<string, string> }
  | { readonly kind: 'close' }
  | { readonly kind: 'text'; readonly text: string }

const maxEvents = 50_000

const name = '[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?'
const tagForm = `<(/?)(${name})((?:\\s+${name}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`
const attributeForm = `(${name})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`

/** Lists the events of a document; where it is not well formed, or uses what is not read here, the list ends. */
export function* listXmlEvents(document: string): Generator<XmlEvent> {
  const tag = new RegExp(tagForm, 'y')
  let at = 0
  for (let count = 0; count < maxEvents && at < document.length; count += 1) {
    const plain = readText(document, at) ?? skip(document, at)
    if (plain !== undefined) {
      if (plain.text !== '') yield { kind: 'text', text: plain.text }
      at = plain.end
      continue
    }
    tag.lastIndex = at
    const [found, slash, element = '', attributes = '', empty] = tag.exec(document) ?? []
    if (found === undefined) return
    at += found.length
    if (!slash) yield { kind: 'open', name: element, attributes: parseAttributes(attributes) }
    if (slash || empty) yield { kind: 'close' }
  }
}

interface Plain {
  readonly text: string
  readonly end: number
}

function readText(document: string, at: number): Plain | undefined {
  if (document[at] !== '<') {
    const next = document.indexOf('<', at)
    const end = next < 0 ? document.length : next
    return { text: decodeEntities(document.slice(at, end)), end }
  }
  if (!document.startsWith('<![CDATA[', at)) return undefined
  const end = document.indexOf(']]>', at)
  return end < 0 ? { text: '', end: document.length } : { text: document.slice(at + 9, end), end: end + 3 }
}

/* Comments and instructions. */
function skip(document: string, at: number): Plain | undefined {
  const stop = document.startsWith('<?', at) ? '?>' : document.startsWith('<!--', at) ? '-->' : undefined
  if (stop === undefined) return undefined
  const end = document.indexOf(stop, at + 2)
  return { text: '', end: end < 0 ? document.length : end + stop.length }
}

function parseAttributes(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, key = '', double, single] of text.matchAll(new RegExp(attributeForm, 'g'))) {
    found.set(key, decodeEntities(double ?? single ?? ''))
  }
  return found
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi, (whole, hex, decimal, word) => {
    if (word !== undefined) return entities[word] ?? whole
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })
}
