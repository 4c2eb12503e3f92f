/* The Forwarded header (RFC 7239), which is read where no X-Forwarded-* header of the same meaning is present. */
import { parseOrIgnore, parseParameter, splitUnquoted } from './header-field.js'

/** What one proxy says about the request that it passed on; each value is a claim and still to be checked. */
export interface ForwardedElement {
  /** Who sent the request to that proxy: an address, `unknown` or an obfuscated name. */
  readonly for?: string
  /** The `Host` header that the proxy received. */
  readonly host?: string
  /** The scheme that was used to reach the proxy. */
  readonly proto?: string
}

// A broken element still stands for one hop. Dropping it would make the hop before it, a proxy of ours, the client.
const broken: ForwardedElement = { for: 'unknown' }

/** Reads a Forwarded header; the first element is that of the proxy nearest to the client. */
export function parseForwarded(text: string): ForwardedElement[] {
  return splitUnquoted(text, ',')
    .filter(element => element.trim() !== '')
    .map(element => parseOrIgnore('forwarded', element, parseElement) ?? broken)
}

function parseElement(text: string): ForwardedElement | undefined {
  const values = new Map<string, string>()
  for (const pair of splitUnquoted(text, ';')) {
    if (pair.trim() === '') continue
    const parameter = parseParameter(pair)
    // "Each parameter MUST NOT occur more than once per field-value" (section 4).
    if (parameter === undefined || values.has(parameter.name)) return undefined
    values.set(parameter.name, parameter.value)
  }
  const [client, host, proto] = [values.get('for'), values.get('host'), values.get('proto')]
  return { ...(client && { for: client }), ...(host && { host }), ...(proto && { proto }) }
}
