/* The rows about HTTP (Image API 3.0 sections 2, 5.1, 6 and 7; 2.1 sections 2, 5 to 7). */
import { versionFacts } from '../protocol/version.js'
import { type Finding, type Row, unless } from './row.js'
import { readLevel, type Subject, viewerHeaders } from './subject.js'
import { formatAsked, formatReply, readType } from './verify.js'
import { smallImage } from './wish.js'

/** The rows. */
export const httpRows: readonly Row[] = [
  {
    id: 'base-redirect',
    title: 'the base URI leads to info.json',
    importance: 'MUST',
    sections: { 2: '2, compliance 4', 3: '2, compliance 4' },
    says: 'the base URI of the service will redirect to the image information document',
    needs: { feature: 'baseUriRedirect' },
    run: async subject => {
      const reply = await subject.ask('', { follow: false })
      const target = findTarget(reply.headers.location, subject.base)
      const isRight =
        [301, 302, 303, 307, 308].includes(reply.status) && target === `${subject.base}/info.json`
      const came = `${formatReply(reply)}, Location: ${reply.headers.location ?? 'none'}`
      return unless(isRight, formatAsked(reply), came, `a redirect to ${subject.base}/info.json`)
    },
  },
  {
    id: 'base-redirect-303',
    title: 'the redirect of the base URI is a 303',
    importance: 'SHOULD',
    sections: { 2: '2', 3: '2' },
    says: 'it is recommended that the response be a 303 status redirection',
    needs: { feature: 'baseUriRedirect' },
    run: async subject => {
      const reply = await subject.ask('', { follow: false })
      return unless(reply.status === 303, formatAsked(reply), formatReply(reply), 'status 303')
    },
  },
  {
    id: 'cors-info',
    title: 'pages of other sites may read info.json',
    importance: 'SHOULD',
    sections: { 2: '5.1', 3: '5.1, 7.1' },
    says: 'servers should support CORS on image information responses',
    run: ({ infoReply }) => requireCors(infoReply),
  },
  {
    id: 'cors-all',
    title: 'pages of other sites may read images, redirects and errors too',
    importance: 'MUST',
    sections: { 2: '5.3, compliance 4', 3: '5.7, compliance 4' },
    says: 'the feature cors: the CORS HTTP headers are provided on all responses',
    needs: { feature: 'cors' },
    run: async subject => {
      const asking = { headers: viewerHeaders, follow: false }
      const paths = [`/${smallImage(subject)}`, '/info.json', '/full/nothing/0/default.jpg']
      const findings: Finding[] = []
      for (const path of paths) findings.push(...requireCors(await subject.ask(path, asking)))
      return findings
    },
  },
  {
    id: 'cors-preflight',
    title: 'a preflight is answered',
    importance: 'SHOULD',
    sections: { 3: '7' },
    says: 'servers should support the HTTP OPTIONS method as part of the CORS preflight request pattern',
    run: async subject => {
      const headers = { ...viewerHeaders, 'access-control-request-method': 'GET' }
      const reply = await subject.ask('/info.json', { method: 'OPTIONS', headers })
      const isRight = reply.status >= 200 && reply.status < 300 && allowsAll(reply.headers)
      return unless(isRight, formatAsked(reply), formatReply(reply), 'status 200 or 204, with CORS headers')
    },
  },
  {
    id: 'head',
    title: 'HEAD is answered as GET, without a body',
    importance: 'SHOULD',
    sections: { 3: '7' },
    says: 'it is recommended that implementations also support the HTTP HEAD method',
    run: async subject => {
      const findings: Finding[] = []
      for (const path of ['/info.json', `/${smallImage(subject)}`]) {
        const reply = await subject.ask(path, { method: 'HEAD' })
        findings.push(...unless(reply.status === 200, formatAsked(reply), formatReply(reply), 'status 200'))
      }
      return findings
    },
  },
  {
    id: 'json-ld',
    title: 'info.json is sent as JSON-LD to who asks for it',
    importance: 'MUST',
    sections: { 2: '5.1, compliance 4', 3: '5.1, compliance 4' },
    says: 'the feature jsonldMediaType: the JSON-LD media type is provided when requested',
    needs: { feature: 'jsonldMediaType' },
    run: async subject => {
      const accept = 'application/ld+json'
      const reply = await subject.ask('/info.json', { headers: { accept } })
      const asked = `${formatAsked(reply)} with Accept: ${accept}`
      return unless(readType(reply) === accept, asked, `Content-Type: ${readType(reply) || 'none'}`, accept)
    },
  },
  {
    id: 'profile-link',
    title: 'a link names the level of compliance',
    importance: 'MUST',
    sections: { 2: '6', 3: '6' },
    says: 'the feature profileLinkHeader: Link with the URI of the level and rel="profile", on image responses',
    needs: { feature: 'profileLinkHeader' },
    run: async subject => {
      const reply = await subject.ask(`/${smallImage(subject)}`)
      const claimed = readLevel(subject.info, subject.version) ?? subject.level
      const expected = `${versionFacts[subject.version].profile}${claimed}.json`
      const found = readLink(reply.headers.link, 'profile')
      return unless(
        found === expected,
        formatAsked(reply),
        reply.headers.link ?? 'no Link',
        `<${expected}>;rel="profile"`,
      )
    },
  },
  {
    id: 'canonical-link',
    title: 'a link names the canonical URI, which is its own canonical URI',
    importance: 'MUST',
    sections: { 2: '4.7', 3: '4.8' },
    says: 'the feature canonicalLinkHeader: Link with the canonical URI and rel="canonical", on image responses',
    needs: { feature: 'canonicalLinkHeader' },
    run: checkCanonical,
  },
]

async function checkCanonical(subject: Subject): Promise<Finding[]> {
  const reply = await subject.ask(`/${smallImage(subject)}`)
  const uri = readLink(reply.headers.link, 'canonical')
  if (uri === undefined || !URL.canParse(uri)) {
    const came = reply.headers.link ?? 'no Link'
    return [{ asked: formatAsked(reply), came, expected: 'an absolute URI with rel="canonical"' }]
  }
  const canonical = await subject.askUrl(uri)
  if (canonical.status !== 200) {
    return [
      { asked: formatAsked(canonical), came: formatReply(canonical), expected: 'the image: status 200' },
    ]
  }
  const again = readLink(canonical.headers.link, 'canonical')
  return [
    ...unless(again === uri, formatAsked(canonical), again ?? 'no canonical URI', uri),
    ...unless(
      Buffer.compare(canonical.body, reply.body) === 0,
      formatAsked(canonical),
      'other bytes',
      `the bytes of ${reply.asked}`,
    ),
  ]
}

function requireCors(
  reply: Parameters<typeof formatAsked>[0] & { readonly headers: Readonly<Record<string, string>> },
) {
  const came = `Access-Control-Allow-Origin: ${reply.headers['access-control-allow-origin'] ?? 'none'}`
  return unless(allowsAll(reply.headers), formatAsked(reply), came, 'Access-Control-Allow-Origin: *')
}

/* A server may name the origin that asks, where it wants credentials. */
function allowsAll(headers: Readonly<Record<string, string>>): boolean {
  return ['*', viewerHeaders.origin].includes(headers['access-control-allow-origin'])
}

function findTarget(location: string | undefined, base: string): string | undefined {
  return location !== undefined && URL.canParse(location, base) ? new URL(location, base).href : undefined
}

/** The target of a relation in a Link header (RFC 8288). */
export function readLink(header: string | undefined, relation: string): string | undefined {
  for (const [, target, parameters = ''] of (header ?? '').matchAll(/<([^>]*)>([^,<]*)/g)) {
    const relations = /;\s*rel\s*=\s*"?([^";]+)"?/i.exec(parameters)?.[1]?.split(/\s+/) ?? []
    if (relations.includes(relation)) return target
  }
  return undefined
}
