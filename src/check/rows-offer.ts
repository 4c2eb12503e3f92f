/* The rows about what info.json offers: limits, sizes, tiles, formats, links (Image API 3.0 sections 5.2 to 5.8, 2.1 sections
   5.2 and 5.3). */
import { isWithinLimits } from '../protocol/limits.js'
import { isRecord, type Json, readDetails, readRecords, readWhole } from './info.js'
import { type Finding, look, type Row } from './row.js'

/** The rows. */
export const offerRows: readonly Row[] = [
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
]

const lists2: readonly string[] = ['supports', 'qualities', 'formats']
const links: readonly string[] = ['service', 'partOf', 'seeAlso']

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
