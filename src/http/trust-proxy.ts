/* Which peers may speak for others, and who the client is: addresses, ranges and the walk along X-Forwarded-For. */
import { BlockList, isIP } from 'node:net'
import { inspect } from 'node:util'
import { parseOrIgnore } from './header-field.js'

/**
 * Whose X-Forwarded-* headers are believed: everybody's (`true`), nobody's (`false`), those of the listed addresses,
 * CIDR ranges and the names `loopback`, `linklocal` and `uniquelocal`, or what a function says about an address.
 *
 * A peer without an address (a unix socket, a door that does not know its peer) is trusted by `true` only; a function
 * is asked about the empty string.
 */
export type TrustProxy = boolean | readonly string[] | ((address: string) => boolean)

/** Tells whether the peer with this address is trusted; `undefined` is a peer without an address. */
export type IsTrusted = (address: string | undefined) => boolean

const namedRanges: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/**
 * Makes the guard of a `trustProxy` option.
 *
 * @throws {@link TypeError} when the option is of another type, or an entry of the list is no address, range or name.
 */
export function createTrust(trustProxy: TrustProxy): IsTrusted {
  if (typeof trustProxy === 'boolean') return () => trustProxy
  if (typeof trustProxy === 'function') return address => trustProxy(address ?? '') === true
  if (!Array.isArray(trustProxy)) {
    throw new TypeError(`trustProxy must be a boolean, a list or a function, but was ${inspect(trustProxy)}`)
  }
  const list = new BlockList()
  for (const entry of trustProxy) {
    const ranges = Object.hasOwn(namedRanges, entry) ? namedRanges[entry] : [entry]
    for (const range of ranges ?? []) addRange(list, range)
  }
  return address => address !== undefined && isIP(address) !== 0 && list.check(address, family(address))
}

function addRange(list: BlockList, entry: unknown): void {
  const [, text = '', prefix] =
    (typeof entry === 'string' && /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(entry)) || []
  const address = parseAddress(text)
  if (address !== undefined) {
    const bits = isIP(address) === 4 ? 32 : 128
    // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
    const shift = bits === 32 && isIP(text) === 6 ? 96 : 0
    const length = prefix === undefined ? bits : Number(prefix) - shift
    if (length >= 0 && length <= bits) {
      list.addSubnet(address, length, family(address))
      return
    }
  }
  throw new TypeError(
    'trustProxy must list addresses, CIDR ranges, "loopback", "linklocal" or "uniquelocal", ' +
      `but one entry was ${inspect(entry)}`,
  )
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}

/** Reads an IP address into its one spelling: IPv6 is compressed, has no zone, and is IPv4 where it only maps it. */
export function parseAddress(text: string): string | undefined {
  if (isIP(text) === 4) return text
  // How a dual-stack socket names every IPv4 peer, so it is worth a short way.
  if (text.startsWith('::ffff:') && isIP(text.slice(7)) === 4) return text.slice(7)
  if (isIP(text) !== 6) return undefined
  const address = new URL(`http://[${text.replace(/%.*$/s, '')}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? []
  if (high === undefined || low === undefined) return address
  return [high, low]
    .map(group => Number.parseInt(group, 16))
    .flatMap(group => [group >> 8, group & 255])
    .join('.')
}

/** Reads one hop as proxies write it: an address, also with a port, IPv6 with or without brackets. */
function parseHop(text: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([0-9.]*))(?::[0-9a-z._-]*)?$/i.exec(text) ?? []
  return parseAddress(bracketed ?? plain ?? text)
}

/**
 * Finds the client: the right-most address that is not trusted, because what stands left of it is hearsay.
 *
 * With nothing but trusted addresses it is the left-most. It is `undefined` when the client cannot be told: the hop
 * that a trusted proxy names is no address. Naming that proxy instead would let a stranger pass for a neighbour.
 */
export function resolveClientAddress(
  peer: string | undefined,
  hops: readonly string[],
  isTrusted: IsTrusted,
): string | undefined {
  let address = peer
  for (let index = hops.length - 1; index >= 0 && isTrusted(address); index--) {
    address = parseOrIgnore('x-forwarded-for', hops[index] ?? '', parseHop)
    if (address === undefined) return undefined
  }
  return address
}
