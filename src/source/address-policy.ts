/* Where bytes may be fetched from: only from origins that were named, and never, unless that is allowed expressly, from
   addresses inside a private network. What a name resolves to is checked when the connection is made, so that no answer
   of DNS and no redirect turns this server into a door to the inside (RFC 6890, RFC 8190 and the IANA registries). */
import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { SourceError } from '../errors.js'

/** Where connections may lead. */
export interface AddressPolicyOptions {
  /** The origins that may be connected to, for example `https://img.example.org`. */
  readonly allow: readonly string[]
  /**
   * Whether addresses that are not public may be connected to: all of them, or those in a list of addresses and subnets,
   * for example `10.1.0.0/16`. Those where clouds keep the secrets of their machines, link-local ones among them, must
   * be in a list. @defaultValue false
   */
  readonly allowPrivateAddresses?: boolean | readonly string[]
  /** Resolves the name of a host to addresses. @defaultValue the resolver of the system */
  readonly resolveHost?: (hostname: string) => Promise<readonly string[]>
}

/** Decides where may be connected to. */
export interface AddressPolicy {
  /**
   * Checks a URL before it is asked for, and each URL that it redirects to.
   *
   * @throws {@link SourceError} (403) when its origin is not allowed, or its host is an address that is not.
   */
  checkUrl(url: URL): void
  /** Resolves names for `node:net`, and fails for those with an address that is not allowed. */
  readonly lookup: LookupFunction
}

/* Everything in the special-purpose registry of IPv4 that is not globally reachable, and what cloud providers keep for
   themselves beside it. */
const refusedIpv4: readonly (readonly [net: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

/* Of IPv6 only global unicast is public, and not the parts of it that carry an IPv4 address or mean nothing. The rest
   (loopback, IPv4-mapped and -compatible, NAT64, unique local, link local, multicast) lies outside of it. */
const refusedIpv6: readonly (readonly [net: string, prefix: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const globalUnicast = createList([['2000::', 3]], 'ipv6')
const refused4 = createList(refusedIpv4, 'ipv4')
const refused6 = createList(refusedIpv6, 'ipv6')

function createList(
  subnets: readonly (readonly [net: string, prefix: number])[],
  family: 'ipv4' | 'ipv6',
): BlockList {
  const list = new BlockList()
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, family)
  return list
}

/** Whether an address is that of a host on the public internet; `false` for what is no address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !refused4.check(address, 'ipv4')
  // A zone, as in fe80::1%eth0, only link-local addresses have.
  if (family !== 6 || address.includes('%')) return false
  return globalUnicast.check(address, 'ipv6') && !refused6.check(address, 'ipv6')
}

/**
 * Creates a policy.
 *
 * @throws TypeError that names the option, where one is not what it must be.
 */
export function createAddressPolicy(options: AddressPolicyOptions): AddressPolicy {
  const { allow, allowPrivateAddresses = false, resolveHost = resolveBySystem } = options
  const origins = parseOrigins(allow)
  const isAllowed = parsePrivateAddresses(allowPrivateAddresses)
  const allowedHosts = new Set<string>()
  const resolve = async (hostname: string): Promise<LookupAddress[]> => {
    const addresses = await resolveHost(hostname)
    // One address that is refused condemns the name: whoever mixes them means no good.
    if (!addresses.every(isAllowed)) throw buildRefusal()
    return addresses.map(address => ({ address, family: isIP(address) }))
  }
  return {
    checkUrl(url) {
      const isHttp = url.protocol === 'http:' || url.protocol === 'https:'
      if (!isHttp || url.username !== '' || url.password !== '' || !origins.has(url.origin))
        throw buildRefusal()
      if (allowedHosts.has(url.host)) return
      // No name is looked up for an address, so that it must be checked here.
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
      if (isIP(host) !== 0 && !isAllowed(host)) throw buildRefusal()
      // Its origin is one of those that were named: there are no more hosts than these.
      allowedHosts.add(url.host)
    },
    lookup: (hostname, lookupOptions, callback) => {
      resolve(hostname).then(
        found => answer(found, lookupOptions, callback),
        (error: NodeJS.ErrnoException) => callback(error, '', 0),
      )
    },
  }
}

type LookupCallback = Parameters<LookupFunction>[2]

function answer(found: LookupAddress[], { all, family }: LookupOptions, callback: LookupCallback): void {
  const wanted = family === 4 || family === 6 ? found.filter(item => item.family === family) : found
  const [first] = wanted
  if (first === undefined) {
    callback(Object.assign(new Error('the name has no address'), { code: 'ENOTFOUND' }), '', 0)
  } else if (all) callback(null, wanted)
  else callback(null, first.address, first.family)
}

function resolveBySystem(hostname: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, found) => {
      if (error) reject(error)
      else resolve(found.map(({ address }) => address))
    })
  })
}

function parseOrigins(allow: unknown): ReadonlySet<string> {
  if (!Array.isArray(allow) || allow.length === 0)
    throw new TypeError('allow: expected a list of origins, for example ["https://img.example.org"]')
  return new Set(allow.map(parseOrigin))
}

function parseOrigin(text: unknown): string {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin
  throw new TypeError(
    `allow: expected origins such as "https://img.example.org" but received ${String(text)}`,
  )
}

function parsePrivateAddresses(option: unknown): (address: string) => boolean {
  if (option === true) return address => isIP(address) !== 0 && !isCloudAddress(address)
  if (option === false) return isPublicAddress
  if (!Array.isArray(option))
    throw new TypeError('allowPrivateAddresses: expected true, false, or a list of addresses and subnets')
  const list = new BlockList()
  for (const text of option) addSubnet(list, text)
  return address => isPublicAddress(address) || isListed(list, address)
}

function isListed(list: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/* Machines in a cloud get their secrets from these: no private network is meant by whoever allows private networks. */
const cloud4 = createList(
  [
    ['169.254.0.0', 16],
    ['168.63.129.16', 32],
    ['100.100.100.200', 32],
  ],
  'ipv4',
)
const cloud6 = createList(
  [
    ['fe80::', 10],
    ['fd00:ec2::', 32],
  ],
  'ipv6',
)

function isCloudAddress(address: string): boolean {
  // The rules for IPv4 also match its addresses in the clothes of IPv6.
  return isListed(cloud4, address) || isListed(cloud6, address)
}

function addSubnet(list: BlockList, text: unknown): void {
  const [, net = '', prefix] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(String(text)) ?? []
  const family = isIP(net)
  const most = family === 4 ? 32 : 128
  const bits = prefix === undefined ? most : Number(prefix)
  if (family === 0 || bits > most)
    throw new TypeError(
      `allowPrivateAddresses: expected addresses and subnets such as "10.1.0.0/16" but received ${String(text)}`,
    )
  list.addSubnet(net, bits, family === 4 ? 'ipv4' : 'ipv6')
}

/* Where it led to stays out of the message, and out of the cause: it is what an attacker wants to know. */
function buildRefusal(): SourceError {
  return new SourceError(403, 'source-forbidden', 'This server does not fetch images from there.')
}
