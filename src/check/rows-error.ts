/* The rows about what is refused (Image API 3.0 section 7.3 and the ends of 4.1 to 4.5; 2.1 section 7.2). */
import { type Finding, type Row, unless } from './row.js'
import type { Subject } from './subject.js'
import { formatAsked, formatReply } from './verify.js'
import { smallSize, wholeSize } from './wish.js'

/** A row of refusals: the statuses that are right, and what is asked. */
interface ErrorRow extends Pick<Row, 'id' | 'title' | 'sections' | 'says' | 'needs'> {
  readonly statuses: readonly number[]
  readonly importance?: Row['importance']
  skip?(subject: Subject): string | undefined
  /** The paths behind the base URI. */
  paths(subject: Subject): readonly string[]
}

const both = (section: string): Row['sections'] => ({ 2: section, 3: section })
const params = (subject: Subject, region: string, size = smallSize(subject, subject.size)): string =>
  `/${region}/${size}/0/default.jpg`
const sized = (...sizes: readonly string[]): string[] => sizes.map(size => `/full/${size}/0/default.jpg`)

const rows: readonly ErrorRow[] = [
  {
    id: 'error-region-syntax',
    title: 'a region that breaks the grammar is a 400',
    sections: { 2: '4.1, 7.2', 3: '4.1, 7.3' },
    says: '400: the syntax of the request issued by the client is incorrect',
    statuses: [400],
    paths: subject => ['nothing', '1,2,3', 'pct:a,0,10,10'].map(region => params(subject, region)),
  },
  {
    id: 'error-region-outside',
    title: 'a region outside of the image, or without an area, is a 400',
    sections: both('4.1'),
    says: 'if the width or height is zero, or the region is entirely outside, the server should return a 400',
    needs: { feature: 'regionByPx' },
    statuses: [400],
    paths: subject =>
      [`${subject.size.width},0,10,10`, `0,${subject.size.height},10,10`, '0,0,0,10', '0,0,10,0'].map(
        region => params(subject, region, wholeSize(subject, { width: 1, height: 1 })),
      ),
  },
  {
    id: 'error-size-syntax',
    title: 'a size that breaks the grammar, or is nothing, is a 400',
    sections: both('4.2'),
    says: 'dimensions must not be less than 1 pixel: such requests are errors that should result in a 400',
    statuses: [400],
    paths: () => sized('nothing', ',', '0,', ',0', 'pct:0', '0,0'),
  },
  {
    id: 'error-size-full',
    title: 'full is no size any more',
    sections: { 3: '4.2' },
    says: 'version 3 has max in the place of full',
    importance: 'ADVICE',
    statuses: [400],
    paths: () => sized('full'),
  },
  {
    id: 'error-size-enlarged',
    title: 'a size above that of the region is a 400 without a caret',
    sections: { 3: '4.2' },
    says: 'sizes not prefixed with ^ that are greater than the region are errors that should result in a 400',
    needs: { feature: 'sizeByW' },
    statuses: [400],
    paths: ({ size }) => sized(`${size.width + 1},`, `,${size.height + 1}`, 'pct:101'),
  },
  {
    id: 'error-size-caret',
    title: 'a caret that the server cannot fulfil is a 501',
    sections: { 3: '4.2' },
    says: 'sizes with ^ that require upscaling should result in a 501 if the server does not support upscaling',
    statuses: [501],
    skip: ({ promises }) =>
      promises({ feature: 'sizeUpscaling' }) ? 'the service enlarges images' : undefined,
    paths: ({ size }) => sized('^pct:120', `^${size.width + 1},`),
  },
  {
    id: 'error-size-limits',
    title: 'a size over the limits of info.json is refused',
    sections: { 3: '4.2' },
    says: 'dimensions must not be greater than the server-imposed limits; such requests should result in a 400',
    needs: { feature: 'sizeByW' },
    statuses: [400, 404],
    skip: subject =>
      findTooWide(subject) === undefined ? 'no limit is below the size of the image' : undefined,
    paths: subject => sized(`${findTooWide(subject)},`),
  },
  {
    id: 'error-rotation',
    title: 'a rotation that is none is a 400',
    sections: both('4.3'),
    says: 'a rotation value that is out of range or unsupported should result in a 400',
    statuses: [400],
    paths: subject =>
      ['-90', '361', 'abc', '!'].map(
        rotation => `/full/${smallSize(subject, subject.size)}/${rotation}/default.jpg`,
      ),
  },
  {
    id: 'error-quality',
    title: 'a quality that there is not is a 400',
    sections: both('4.4'),
    says: 'a request for an image with an unsupported quality value should return a 400',
    statuses: [400],
    paths: subject => [`/full/${smallSize(subject, subject.size)}/0/best.jpg`],
  },
  {
    id: 'error-format',
    title: 'a format that there is not is a 400',
    sections: both('4.5'),
    says: 'a format value that is unsupported should result in a 400',
    statuses: [400],
    paths: subject => [`/full/${smallSize(subject, subject.size)}/0/default.xyz`],
  },
  {
    id: 'error-escape',
    title: 'an encoding that is none is refused, and breaks nothing',
    sections: both('9'),
    says: 'early sanity checking of URIs and rejection with appropriate response codes is recommended (section 10)',
    importance: 'ADVICE',
    statuses: [400, 404],
    paths: () => ['/full/%zz/0/default.jpg', '/full/max%00/0/default.jpg'],
  },
]

/* A width below that of the image, so that only the limits forbid it. */
function findTooWide({ size, limits }: Subject): number | undefined {
  const byArea = Math.floor(Math.sqrt((limits.maxArea * size.width) / size.height))
  const byHeight = Math.floor((limits.maxHeight * size.width) / size.height)
  const most = Math.min(limits.maxWidth, byArea, byHeight)
  return most + 2 <= size.width ? most + 2 : undefined
}

/** The rows. */
export const errorRows: readonly Row[] = [
  ...rows.map(
    ({ statuses, paths, importance = 'SHOULD', ...row }): Row => ({
      ...row,
      importance,
      async run(subject) {
        const findings: Finding[] = []
        for (const path of paths(subject))
          findings.push(...(await requireStatus(subject, subject.base + path, statuses)))
        return findings
      },
    }),
  ),
  {
    id: 'error-identifier',
    title: 'an identifier that nobody has is a 404',
    importance: 'SHOULD',
    sections: { 2: '7.2', 3: '7.3' },
    says: '404: the image resource specified by identifier does not exist',
    run: subject => requireStatus(subject, `${siblingOf(subject)}/info.json`, [404]),
  },
  {
    id: 'error-identifier-image',
    title: 'an image of an identifier that nobody has is a 404, too',
    importance: 'SHOULD',
    sections: { 2: '7.2', 3: '7.3' },
    says: '404: the image resource specified by identifier does not exist',
    run: subject =>
      requireStatus(
        subject,
        `${siblingOf(subject)}/full/${subject.version === 3 ? 'max' : 'full'}/0/default.jpg`,
        [404],
      ),
  },
  {
    id: 'error-words',
    title: 'an error says in words what is wrong',
    importance: 'SHOULD',
    sections: { 2: '7.2', 3: '7.3' },
    says: 'it is recommended that the body includes a human-readable description in either plain text or html',
    async run(subject) {
      const reply = await subject.ask('/full/nothing/0/default.jpg')
      const type = reply.headers['content-type'] ?? 'none'
      const isRight = /^text\/(?:plain|html)/.test(type) && reply.body.length > 0
      return unless(
        isRight,
        formatAsked(reply),
        `Content-Type: ${type}, ${reply.body.length} bytes`,
        'plain text or html',
      )
    },
  },
]

/* A name that nobody gives to an image, in the place of the last part of the base URI. */
function siblingOf({ base }: Subject): string {
  return base.replace(/[^/]*$/, 'honeydew-check-no-such-image-b5c1')
}

async function requireStatus(subject: Subject, url: string, statuses: readonly number[]): Promise<Finding[]> {
  const reply = await subject.askUrl(url)
  return unless(
    statuses.includes(reply.status),
    formatAsked(reply),
    formatReply(reply),
    `status ${statuses.join(' or ')}`,
  )
}
