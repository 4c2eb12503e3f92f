// Who may see what, at every door and in every kind of request: each result of `authorize`, in either stage, against
// whatever a client may send. Nothing of an image leaves that is denied, and the application is asked every time.
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuthorizeResult } from '../../src/access/result.js'
import type { ResponseReport } from '../../src/service/report.js'
import { createImageService, type ImageService } from '../../src/service.js'
import { fileSource } from '../../src/source/file.js'
import { type Door, doors } from '../adapters/doors.js'
import { type Reply, type Running, start } from '../adapters/server.js'
import { fileOf, isInfo, type Kind, kinds, type Row, rows, variants } from './access-rows.js'
import { waitUntil } from './folder.js'
import { countMarked, findLeaks, withoutTime, writeMarked } from './marked.js'

/** A service at a door, one that redirects to the canonical form, and what they answer to who may see all. */
interface Site {
  readonly plain: Running
  readonly canonical: Running
  readonly allowed: ReadonlyMap<Kind, Reply>
  close(): Promise<void>
}

let folder: string
const answers = new Map(rows.map(({ name, answer }) => [name, answer]))
const stages = new Map<string, string[]>()
const reports = new Map<string, ResponseReport>()
const looked = new Set<string>()
let count = 0

function createService(redirectToCanonical: boolean): ImageService {
  const files = fileSource(folder)
  return createImageService({
    source: (identifier, context) => {
      looked.add(identifier)
      return files(identifier, context)
    },
    redirectToCanonical,
    onResponse: report => reports.set(String(report.request.headers['x-number']), report),
    // Long enough for who answers at once, on the slowest machine: nothing is waited for then.
    authorizeTimeoutMs: 20,
    authorize: context => {
      stages.get(String(context.headers['x-number']))?.push(context.stage)
      const answer = answers.get(String(context.headers['x-result']))
      return answer?.(context) as AuthorizeResult
    },
    tiers: { public: { scale: { maxWidth: 90 }, label: 'small' }, staff: {} },
    flow: {
      keys: 'a secret of more than thirty-two bytes',
      services: [{ profile: 'active', login: 'https://example.org/login', label: 'Log in' }],
    },
  })
}

async function openSite(door: Door): Promise<Site> {
  const services = [createService(false), createService(true)] as const
  const [plain, canonical] = await Promise.all(
    services.map(service => start('http', door.listen({ service, mounts: [], log: [] }))),
  )
  if (!plain || !canonical) throw new Error('not started')
  const allowed = new Map<Kind, Reply>()
  for (const kind of kinds) {
    const target = kind.canonical ? canonical : plain
    allowed.set(kind, await target.send(kind.path(fileOf(kind)), { headers: { 'x-result': 'allow' } }))
  }
  const close = async () => {
    await Promise.all([plain.close(), canonical.close(), ...services.map(service => service.close())])
  }
  return { plain, canonical, allowed, close }
}

/** An answer, and what is known of how it came about. */
interface Answered {
  readonly reply: Reply
  readonly stages: readonly string[]
  readonly report: ResponseReport | undefined
}

async function ask(site: Site, kind: Kind, result: string, identifier = fileOf(kind)): Promise<Answered> {
  const allowed = site.allowed.get(kind)
  if (allowed === undefined) throw new Error('never allowed')
  const { method = 'GET', headers } = kind.send?.(allowed) ?? {}
  count += 1
  const number = String(count)
  stages.set(number, [])
  const reply = await (kind.canonical ? site.canonical : site.plain).send(kind.path(identifier), {
    method,
    headers: { ...headers, 'x-result': result, 'x-number': number },
  })
  // What is streamed is reported when the last of it is gone.
  await waitUntil(() => reports.has(number))
  return { reply, stages: stages.get(number) ?? [], report: reports.get(number) }
}

beforeAll(async () => {
  folder = await writeMarked()
})

describe.each(doors.filter(({ transport }) => transport === 'http'))('$name', door => {
  let site: Site

  beforeAll(async () => {
    site = await openSite(door)
  })
  afterAll(() => site.close())

  it.each(rows.filter(({ expected }) => expected.serves))('gives all of it: $name', async ({ name }) => {
    for (const kind of kinds) {
      const answered = await ask(site, kind, name)
      expect([kind.name, ...answered.stages]).toEqual([kind.name, 'request', 'image'])
      await expectServed(kind, answered)
    }
  })

  it.each(rows.filter(({ expected }) => !expected.serves))('gives nothing of it: $name', async row => {
    await Promise.all(
      kinds.map(async kind => {
        const answered = await ask(site, kind, row.name)
        await expectRefused(kind, row, answered)
      }),
    )
  })

  it.each(['404', '404, in the stage of the image'])(
    'answers what is hidden (%s) as what is not there, to the byte',
    async name => {
      for (const kind of kinds) {
        const [hidden, missing] = [await ask(site, kind, name), await ask(site, kind, 'allow', 'nothing.tif')]
        expect([kind.name, withoutTime(hidden.reply)]).toEqual([kind.name, withoutTime(missing.reply)])
      }
    },
  )

  it('looks nothing up for who is denied at once', async () => {
    const paths = kinds.map(kind => [kind, kind.path('unseen.tif')] as const)
    for (const result of ['403', '404', 'redirect 302', 'throw', 'nothing']) {
      for (const [{ canonical }, path] of paths) {
        const target = canonical ? site.canonical : site.plain
        await target.send(path, { headers: { 'x-result': result } })
      }
    }
    expect(looked).not.toContain('unseen.tif')
  })

  it.each(variants)('of %s, asked for as %s, gives %s', async (granted, suffix, width) => {
    const paths = ['full/max/0/default.png', '0,0,40,40/max/0/default.jpg', 'full/max/0/default.tif']
    for (const parameters of paths) {
      const path = `/iiif/3/internal.tif${suffix}/${parameters}`
      const reply = await site.plain.send(path, { headers: { 'x-result': granted } })
      if (width === 'nothing') {
        expect([reply.status, await findLeaks(reply)]).toEqual([401, []])
        continue
      }
      expect(reply.status).toBe(200)
      const region = parameters.startsWith('full') ? width : 40
      expect((await sharp(reply.body).metadata()).width).toBe(region)
      expect(await countMarked(reply.body)).toBeGreaterThan(region * 20)
    }
    const headers = { 'x-result': granted }
    const probe = await site.plain.send(`/iiif/auth/2/probe/3/internal.tif${suffix}`, { headers })
    expect(JSON.parse(probe.body.toString()).status).toBe(width === 'nothing' ? 401 : 200)
    const info = await site.plain.send(`/iiif/3/internal.tif${suffix}/info.json`, { headers })
    expect(info.status).toBe(200)
    if (width !== 'nothing') expect(JSON.parse(info.body.toString()).width).toBe(width)
  })
})

async function expectServed(kind: Kind, { reply, report }: Answered): Promise<void> {
  const [status, way, cache] = kind.allowed
  expect([kind.name, reply.status]).toEqual([kind.name, status])
  if (way) expect([kind.name, report?.way]).toEqual([kind.name, way])
  if (cache) expect([kind.name, report?.cache]).toEqual([kind.name, cache])
  const isWhole = reply.status === 200 && way !== undefined && report?.request.method === 'GET'
  if (isWhole) expect(await countMarked(reply.body), kind.name).toBeGreaterThan(200)
  if (report?.request.headers['x-forwarded-id'] === undefined) return
  expect(JSON.stringify(reply.headers) + reply.body.toString('latin1')).not.toContain('internal')
}

async function expectRefused(kind: Kind, { expected }: Row, { reply, stages }: Answered): Promise<void> {
  if (expected.serves) throw new Error('nothing is refused')
  expect([kind.name, ...stages]).toEqual([kind.name, ...expected.stages])
  if (kind.name === 'probe') {
    expect([reply.status, JSON.parse(reply.body.toString()).status]).toEqual([200, expected.status])
    expect(reply.headers['cache-control']).toBe('private, no-store')
    return
  }
  // An info.json that is shown has been changed by nobody: who has it already need not be sent it again.
  const status = isInfo(kind) ? expected.info : expected.status
  const isShown = isInfo(kind) && status === 200
  expect([kind.name, isShown ? 200 : reply.status]).toEqual([kind.name, status])
  if (isShown) {
    expect([kind.name, await countMarked(reply.body)]).toEqual([kind.name, 0])
    expect(reply.headers['cache-control']).toMatch(/^private, no-/)
    return
  }
  expect([kind.name, await findLeaks(reply)]).toEqual([kind.name, []])
  expect(reply.headers['cache-control']).toBe(expected.status === 404 ? 'no-cache' : 'private, no-store')
}
