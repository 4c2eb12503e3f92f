/* The rows about what info.json says (Image API 3.0 section 5, 2.1 section 5). */
import { isWithinLimits } from '../protocol/limits.js'
import { protocolUri, versionFacts } from '../protocol/version.js'
import { isRecord, type Json, readDetails, readList, readRecords, readWhole } from './info.js'
import { type Finding, formatValue, type Row, unless } from './row.js'
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
    id: 'info-limits',
    title: 'limits are whole numbers, and maxHeight comes with maxWidth',
    importance: 'MUST',
    sections: { 2: '5.3', 3: '5.2' },
    says: 'maxWidth must be specified if maxHeight is specified',
    run: ({ info, version }) =>
      readDetails(info, version).flatMap(details => [
        ...['maxWidth', 'maxHeight', 'maxArea'].flatMap(name =>
          look(
            details[name] === undefined || readWhole(details[name]) !== undefined,
            name,
            details[name],
            'a whole number above 0',
          ),
        ),
        ...look(
          details.maxHeight === undefined || details.maxWidth !== undefined,
          'maxHeight',
          details.maxHeight,
          'maxWidth beside it',
        ),
      ]),
  },
  {
    id: 'info-limits-enlarged',
    title: 'a server that enlarges tells how far',
    importance: 'MUST',
    sections: { 3: '5.7' },
    says: 'a server that supports sizeUpscaling must specify maxWidth or maxArea',
    needs: { feature: 'sizeUpscaling' },
    run: ({ info }) =>
      look(
        info.maxWidth !== undefined || info.maxArea !== undefined,
        'maxWidth, maxArea',
        'nothing',
        'one of them',
      ),
  },
  {
    id: 'info-sizes',
    title: 'sizes are widths and heights within the limits',
    importance: 'MUST',
    sections: { 2: '5.2', 3: '5.3' },
    says: 'objects with width and height as integers; servers must ensure that they are within any limits expressed',
    skip: ({ info }) => (info.sizes === undefined ? 'info.json has no sizes' : undefined),
    run: ({ info, limits }) => [
      ...requireRecords(info, 'sizes'),
      ...readRecords(info, 'sizes').flatMap((entry, index) => {
        const [width, height] = [readWhole(entry.width), readWhole(entry.height)]
        const isRight =
          width !== undefined && height !== undefined && isWithinLimits({ width, height }, limits)
        return look(isRight, `sizes[${index}]`, entry, 'whole numbers within the limits')
      }),
    ],
  },
  {
    id: 'info-tiles',
    title: 'tiles are sizes within the limits, each once, with scale factors',
    importance: 'MUST',
    sections: { 2: '5.2', 3: '5.4' },
    says: 'width and scaleFactors are positive integers; each combination of width and height must be unique',
    skip: ({ info }) => (info.tiles === undefined ? 'info.json has no tiles' : undefined),
    run: ({ info, limits }) => [
      ...requireRecords(info, 'tiles'),
      ...readRecords(info, 'tiles').flatMap((entry, index) => {
        const [width, height] = [readWhole(entry.width), readWhole(entry.height ?? entry.width)]
        const factors = Array.isArray(entry.scaleFactors) ? entry.scaleFactors : []
        const isRight =
          width !== undefined &&
          height !== undefined &&
          isWithinLimits({ width, height }, limits) &&
          factors.length > 0 &&
          factors.every(factor => readWhole(factor) !== undefined)
        return look(isRight, `tiles[${index}]`, entry, 'whole numbers within the limits')
      }),
      ...requireUnique(
        'tiles',
        readRecords(info, 'tiles').map(({ width, height }) => `${width} × ${height ?? width}`),
      ),
    ],
  },
  {
    id: 'info-scale-factors',
    title: 'each scale factor stands once among the tiles',
    importance: 'SHOULD',
    sections: { 3: '5.4' },
    says: 'a particular scale factor value should appear only once in the tiles array',
    skip: ({ info }) => (info.tiles === undefined ? 'info.json has no tiles' : undefined),
    run: ({ info }) =>
      requireUnique(
        'scaleFactors',
        readRecords(info, 'tiles').flatMap(({ scaleFactors }) => [scaleFactors].flat().map(String)),
      ),
  },
  {
    id: 'info-lists',
    title: 'features, qualities and formats are lists of words',
    importance: 'MUST',
    sections: { 2: '5.3', 3: '5.7' },
    says: 'arrays of strings',
    run: ({ info, version }) => {
      const names =
        version === 3 ? ['extraFeatures', 'extraQualities', 'extraFormats', 'preferredFormats'] : lists2
      return readDetails(info, version).flatMap(details =>
        names.flatMap(name => {
          const value = details[name]
          const isRight =
            value === undefined || (Array.isArray(value) && value.every(item => typeof item === 'string'))
          return look(isRight, name, value, 'a list of strings')
        }),
      )
    },
  },
  {
    id: 'info-preferred-formats',
    title: 'preferred formats are among those that are offered',
    importance: 'MUST',
    sections: { 3: '5.5' },
    says: 'the values must be among those of the profile or listed in extraFormats',
    skip: ({ info }) =>
      info.preferredFormats === undefined ? 'info.json has no preferredFormats' : undefined,
    run: ({ info, promises }) =>
      [info.preferredFormats]
        .flat()
        .flatMap(format =>
          look(promises({ format: String(format) }), 'preferredFormats', format, 'a format that is offered'),
        ),
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
    id: 'info-links',
    title: 'service, partOf and seeAlso are lists of objects with an id and a type',
    importance: 'MUST',
    sections: { 3: '5.8' },
    says: 'the value must be an array of JSON objects, each with id and type (or @id and @type in service)',
    skip: ({ info }) =>
      links.every(name => info[name] === undefined) ? 'info.json has none of them' : undefined,
    run: ({ info }) =>
      links.flatMap(name => {
        const value = info[name]
        const isRight =
          value === undefined || (Array.isArray(value) && value.every(item => isLink(name, item)))
        return look(isRight, name, value, 'a list of objects with id and type')
      }),
  },
  {
    id: 'info-rights',
    title: 'rights is one URI',
    importance: 'MUST',
    sections: { 3: '5.6' },
    says: 'the value must be a string: the URI of a licence or a rights statement',
    skip: ({ info }) => (info.rights === undefined ? 'info.json has no rights' : undefined),
    run: ({ info }) =>
      look(typeof info.rights === 'string' && URL.canParse(info.rights), 'rights', info.rights, 'a URI'),
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

const lists2: readonly string[] = ['supports', 'qualities', 'formats']
const links: readonly string[] = ['service', 'partOf', 'seeAlso']
const removed: readonly string[] = [
  ...['@id', '@type', 'supports', 'formats', 'qualities', 'attribution', 'license', 'logo'],
]
const removedFeatures: readonly string[] = [
  ...['sizeAboveFull', 'sizeByWhListed', 'sizeByForcedWh', 'sizeByDistortedWh'],
]

function look(isRight: boolean, what: string, came: unknown, expected: string): Finding[] {
  return unless(isRight, `${what} in info.json`, came, expected)
}

function requireRecords(info: Json, name: string): Finding[] {
  const value = info[name]
  return look(Array.isArray(value) && value.every(isRecord), name, value, 'a list of objects')
}

function requireUnique(name: string, values: readonly string[]): Finding[] {
  const twice = values.filter((value, index) => values.indexOf(value) !== index)
  return look(twice.length === 0, name, twice, 'each once')
}

function isLink(name: string, item: unknown): boolean {
  if (!isRecord(item)) return false
  const has = (key: string) => typeof item[key] === 'string'
  return (has('id') && has('type')) || (name === 'service' && has('@id') && (has('@type') || has('profile')))
}

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
