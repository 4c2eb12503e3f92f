/* The rows about what info.json says of itself: what it is, where it is, and how it is sent (Image API 3.0 and 2.1
   sections 5.1 and 5.2). */
import { protocolUri, versionFacts } from '../protocol/version.js'
import { readList } from './info.js'
import { type Finding, formatValue, look, type Row } from './row.js'
import { readLevel, type Subject } from './subject.js'
import { readType } from './verify.js'

/** The rows. */
export const infoRows: readonly Row[] = [
  {
    id: 'info-context',
    title: 'info.json names the context of the Image API',
    importance: 'MUST',
    sections: { 2: '5.2', 3: '5.2' },
    says: '@context is the URI of the context, in version 3 also a list that ends with it',
    run: ({ info, version }) => {
      const { context } = versionFacts[version]
      const found = info['@context']
      const last = version === 3 && Array.isArray(found) ? found.at(-1) : found
      return look(last === context, '@context', found, `"${context}"`)
    },
  },
  {
    id: 'info-context-first',
    title: 'the context is the first key',
    importance: 'SHOULD',
    sections: { 3: '5.2' },
    says: '@context should appear as the very first key-value pair',
    run: ({ info }) =>
      look(Object.keys(info)[0] === '@context', 'the keys', Object.keys(info), '@context first'),
  },
  {
    id: 'info-id',
    title: 'the id is the base URI that was asked, without a slash at its end',
    importance: 'MUST',
    sections: { 2: '5.2', 3: '5.2' },
    says: 'the base URI of the image, including scheme, server, prefix and identifier without a trailing slash',
    run: ({ info, version, base }) => {
      const name = version === 3 ? 'id' : '@id'
      return look(info[name] === base, name, info[name], `"${base}"`)
    },
  },
  {
    id: 'info-type',
    title: 'the type is ImageService3',
    importance: 'MUST',
    sections: { 3: '5.2' },
    says: 'the value must be the string ImageService3',
    run: ({ info }) => look(info.type === 'ImageService3', 'type', info.type, '"ImageService3"'),
  },
  {
    id: 'info-type-2',
    title: 'where there is a type, it is iiif:Image',
    importance: 'MUST',
    sections: { 2: '5.2' },
    says: 'if present, the value of @type must be the string iiif:Image',
    run: ({ info }) =>
      look(
        [undefined, 'iiif:Image'].includes(info['@type'] as string),
        '@type',
        info['@type'],
        '"iiif:Image"',
      ),
  },
  {
    id: 'info-protocol',
    title: 'the protocol is that of the Image API',
    importance: 'MUST',
    sections: { 2: '5.2', 3: '5.2' },
    says: `the URI ${protocolUri}`,
    run: ({ info }) => look(info.protocol === protocolUri, 'protocol', info.protocol, `"${protocolUri}"`),
  },
  {
    id: 'info-profile',
    title: 'the profile names a level of compliance',
    importance: 'MUST',
    sections: { 2: '5.2', 3: '5.2' },
    says: 'version 3: one of level0, level1 and level2; version 2: a list that begins with the URI of a level',
    run: ({ info, version }) => {
      const isRight = readLevel(info, version) !== undefined && (version === 3 || Array.isArray(info.profile))
      const expected =
        version === 3 ? '"level0", "level1" or "level2"' : `["${versionFacts[2].profile}2.json", …]`
      return look(isRight, 'profile', info.profile, expected)
    },
  },
  {
    id: 'info-old-names',
    title: 'nothing of version 2 is left in info.json of version 3',
    importance: 'ADVICE',
    sections: { 3: '5' },
    says: 'version 3 renamed @id and @type, took supports, formats, qualities, attribution, license and logo away, and four features',
    run: ({ info, version }) => [
      ...look(
        removed.every(name => info[name] === undefined),
        'the keys',
        removed.filter(name => info[name] !== undefined),
        'none of version 2',
      ),
      ...look(
        removedFeatures.every(name => !readList(info, version, 'features').includes(name)),
        'extraFeatures',
        removedFeatures.filter(name => readList(info, version, 'features').includes(name)),
        'none of version 2',
      ),
    ],
  },
  {
    id: 'info-media-type',
    title: 'info.json is sent as JSON-LD, or as JSON',
    importance: 'SHOULD',
    sections: { 3: '5.1' },
    says: 'application/ld+json with the context as its profile, or application/json without a profile',
    run: subject => checkType3(subject),
  },
  {
    id: 'info-media-type-2',
    title: 'info.json is sent as plain JSON where nobody asks for JSON-LD',
    importance: 'MUST',
    sections: { 2: '5.1' },
    says: 'if the client does not ask for JSON-LD in an Accept header, the server must return application/json',
    run: ({ infoReply }) =>
      look(
        readType(infoReply) === 'application/json',
        'Content-Type',
        readType(infoReply),
        'application/json',
      ),
  },
]

const removed: readonly string[] = [
  ...['@id', '@type', 'supports', 'formats', 'qualities', 'attribution', 'license', 'logo'],
]
const removedFeatures: readonly string[] = [
  ...['sizeAboveFull', 'sizeByWhListed', 'sizeByForcedWh', 'sizeByDistortedWh'],
]

function checkType3({ infoReply, version }: Subject): Finding[] {
  const value = infoReply.headers['content-type'] ?? ''
  const profile = /;\s*profile="?([^";]+)"?/i.exec(value)?.[1]
  const isRight =
    readType(infoReply) === 'application/ld+json'
      ? profile === versionFacts[version].context
      : readType(infoReply) === 'application/json' && profile === undefined
  const expected = `application/ld+json;profile="${versionFacts[version].context}", or application/json`
  return look(isRight, 'Content-Type', formatValue(value), expected)
}
