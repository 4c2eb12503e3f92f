/* What `authorize` may answer, and what clients may ask for: the rows and the columns of the matrix. */
import type { AuthorizeContext } from '../../src/access/authorize.js'
import { allow, deny, redirect, scale, tier } from '../../src/access/result.js'
import type { Reply } from '../adapters/server.js'
import { size } from './marked.js'

export type Expected =
  | { readonly serves: true }
  /** `status` of the image, and of info.json where that is another; `stages` in which the application is asked. */
  | {
      readonly serves: false
      readonly status: number
      readonly info: number
      readonly stages: readonly string[]
    }

export interface Row {
  readonly name: string
  readonly answer: (context: AuthorizeContext) => unknown
  readonly expected: Expected
}

const serves: Expected = { serves: true }
const refuses = (status: number, info: number, ...stages: string[]): Expected => ({
  serves: false,
  status,
  info,
  stages,
})

/** In the first stage, and in the second only. */
function inEach(name: string, status: number, info: number, answer: Row['answer']): Row[] {
  return [
    { name, answer, expected: refuses(status, info, 'request') },
    {
      name: `${name}, in the stage of the image`,
      answer: context => (context.stage === 'image' ? answer(context) : allow()),
      expected: refuses(status, info, 'request', 'image'),
    },
  ]
}

export const rows: readonly Row[] = [
  { name: 'allow', answer: () => allow(), expected: serves },
  { name: 'allow later', answer: async () => allow(), expected: serves },
  { name: 'the tier that is asked for', answer: () => tier('staff'), expected: serves },
  { name: 'the scale that is asked for', answer: () => scale(1, 1), expected: serves },
  // The info.json of who may log in, or is shown less, is shown: it leads to the login.
  ...inEach('401', 401, 200, () => deny(401)),
  ...inEach('403', 403, 403, () => deny(403)),
  ...inEach('404', 404, 404, () => deny(404)),
  ...([301, 302, 303, 307] as const).flatMap(status =>
    inEach(`redirect ${status}`, status, status, () => redirect('/elsewhere', status)),
  ),
  ...inEach('a tier below', 401, 200, () => tier('public')),
  ...inEach('a scale below', 401, 200, () => scale(1, 2)),
  ...inEach('throw', 403, 403, () => {
    throw new Error('no database')
  }),
  ...inEach('reject', 403, 403, () => Promise.reject(new Error('no database'))),
  ...inEach('no answer in time', 403, 403, () => new Promise(() => {})),
  ...inEach('nothing', 403, 403, () => undefined),
  ...inEach('true', 403, 403, () => true),
  ...inEach('a word', 403, 403, () => 'allow'),
  ...inEach('no such kind', 403, 403, () => ({ kind: 'Allow' })),
  ...inEach('no such tier', 403, 403, () => tier('nobody')),
]

/** What is granted, what is asked for, and how wide an image is given. */
export const variants: readonly (readonly [granted: string, suffix: string, width: number | 'nothing'])[] = [
  ['allow', '', size.width],
  ['allow', ';tier=public', 90],
  ['allow', ';1:3', 256],
  ['the tier that is asked for', '', size.width],
  ['the tier that is asked for', ';tier=public', 90],
  ['the tier that is asked for', ';1:2', 384],
  ['a tier below', '', 'nothing'],
  ['a tier below', ';tier=public', 90],
  ['a tier below', ';1:100', 'nothing'],
  ['a scale below', '', 'nothing'],
  ['a scale below', ';1:2', 384],
  ['a scale below', ';1:4', 192],
  ['a scale below', ';3:4', 'nothing'],
  ['a scale below', ';tier=public', 'nothing'],
]

export interface Kind {
  readonly name: string
  readonly path: (identifier: string) => string
  /** What is sent, given an allowed answer to the same. */
  readonly send?: (allowed: Reply) => { readonly method?: string; readonly headers?: Record<string, string> }
  /** What is told of an allowed answer: its status, and the way of the image. */
  readonly allowed: readonly [status: number, way?: string, cache?: string]
  /** The suffix of the source. @defaultValue tif */
  readonly file?: 'jpg' | 'tif'
  /** The service: with `redirectToCanonical` or without. */
  readonly canonical?: true
}

const image = (parameters: string) => (identifier: string) => `/iiif/3/${identifier}/${parameters}`
const rendered = image('0,0,100,100/50,50/0/default.png')
const renamed = { 'x-forwarded-id': 'renamed' }

export const kinds: readonly Kind[] = [
  { name: 'image', path: image('1,2,30,40/15,20/0/default.png'), allowed: [200, 'render'] },
  { name: 'cached result', path: rendered, allowed: [200, 'render', 'hit'] },
  { name: 'stored tile', path: image('128,128,128,128/max/0/default.jpg'), allowed: [200, 'stored', 'none'] },
  { name: 'joined', path: image('0,0,256,256/max/0/default.jpg'), allowed: [200, 'stored', 'hit'] },
  { name: 'source', file: 'jpg', path: image('full/max/0/default.jpg'), allowed: [200, 'source'] },
  {
    name: 'range of a source',
    file: 'jpg',
    path: image('full/max/0/default.jpg'),
    send: () => ({ headers: { range: 'bytes=0-999' } }),
    allowed: [206, 'source'],
  },
  { name: 'HEAD', path: rendered, send: () => ({ method: 'HEAD' }), allowed: [200, 'render'] },
  {
    name: 'If-None-Match',
    path: rendered,
    send: ({ headers }) => ({ headers: { 'if-none-match': String(headers.etag) } }),
    allowed: [304, 'render'],
  },
  {
    name: 'If-Modified-Since',
    path: rendered,
    send: ({ headers }) => ({ headers: { 'if-modified-since': String(headers['last-modified']) } }),
    allowed: [304, 'render'],
  },
  {
    name: 'X-Forwarded-ID',
    path: rendered,
    send: () => ({ headers: renamed }),
    allowed: [200, 'render', 'hit'],
  },
  // How large an image is, nobody is told who may not know.
  { name: 'region beyond the image', path: image('9999,0,10,10/max/0/default.png'), allowed: [400] },
  {
    name: 'redirect to canonical',
    canonical: true,
    path: image('pct:0,0,50,50/384,320/0/color.jpg'),
    allowed: [303],
  },
  { name: 'info', path: image('info.json'), allowed: [200] },
  { name: 'HEAD of info', path: image('info.json'), send: () => ({ method: 'HEAD' }), allowed: [200] },
  {
    name: 'If-None-Match of info',
    path: image('info.json'),
    send: ({ headers }) => ({ headers: { 'if-none-match': String(headers.etag) } }),
    allowed: [304],
  },
  {
    name: 'info of X-Forwarded-ID',
    path: image('info.json'),
    send: () => ({ headers: renamed }),
    allowed: [200],
  },
  { name: 'probe', path: identifier => `/iiif/auth/2/probe/3/${identifier}`, allowed: [200] },
]

export const fileOf = ({ file = 'tif' }: Kind) => `internal.${file}`
export const isInfo = ({ name }: Kind) => /info/.test(name)
