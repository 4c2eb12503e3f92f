// Every option in each of the three ways to tell it: as a flag, as a variable, in a file; and what is wrong with each.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatFlag, formatVariable } from '../../src/server/options/option.js'
import { allOptions, type OptionName } from '../../src/server/options/table.js'
import { OptionsError } from '../../src/server/options-error.js'
import { listAllOptions, printOptions } from '../../src/server/print-options.js'
import { type Given, type Resolution, resolveOptions } from '../../src/server/resolve.js'

let folder = ''
let count = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'honeydew-options-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Resolves options as a program that runs in a folder without a configuration file. */
function resolve(given: Partial<Given>): Promise<Resolution> {
  return resolveOptions({ flags: {}, environment: {}, folder, ...given })
}

/** Resolves options of a configuration file, which has a name of its own: modules are read once. */
async function resolveFile(
  text: string,
  given: Partial<Given> = {},
): Promise<Resolution & { readonly name: string }> {
  count += 1
  const name = `config-${count}.mjs`
  await writeFile(join(folder, name), text)
  return { ...(await resolve({ ...given, flags: { config: name, ...given.flags } })), name }
}

async function listProblems(resolving: Promise<unknown>): Promise<readonly string[]> {
  const error = await resolving.then(
    () => undefined,
    thrown => thrown,
  )
  if (!(error instanceof OptionsError)) throw error ?? new Error('Nothing is wrong')
  return error.problems
}

const inFolder = (name: string): string => join(folder, name)

/** A text, the value that it stands for, and a text that is no value, where there is one. */
type Row = readonly [text: string, value: unknown, wrong?: string]

const pathRow: Row = ['a/b', () => inFolder('a/b')]
const logRow: Row = ['logs/a.log', () => inFolder('logs/a.log')]
const flagRow: Row = ['true', true, 'maybe']
const accessRow: Row = ['closed', 'closed', 'all']
const count1: Row = ['17', 17, '0']

const rows: Readonly<Record<OptionName, Row>> = {
  folder: pathRow,
  httpSource: [
    'https://example.org/{identifier}',
    'https://example.org/{identifier}',
    'https://example.org/',
  ],
  httpPrivate: ['10.0.0.0/8, fd00::/8', ['10.0.0.0/8', 'fd00::/8'], 'a,,b'],
  s3Bucket: ['images', 'images'],
  s3Key: ['scans/{identifier}.tif', 'scans/{identifier}.tif', 'scans'],
  s3Endpoint: ['http://127.0.0.1:9000', 'http://127.0.0.1:9000', '127.0.0.1'],
  s3Region: ['eu-central-1', 'eu-central-1'],
  s3AccessKey: ['anonymous', 'anonymous'],
  s3SecretFile: pathRow,
  tempFolder: pathRow,
  tempSize: ['2GiB', 2 ** 31, '2 apples'],
  svg: flagRow,
  host: ['0.0.0.0', '0.0.0.0'],
  port: ['80', 80, '65536'],
  tlsCert: pathRow,
  tlsKey: pathRow,
  tlsPfx: pathRow,
  tlsPassphraseFile: pathRow,
  http2: ['no', false, '2'],
  h2c: ['yes', true, 'h2c'],
  keepAliveSeconds: ['1.5', 1.5, '0'],
  headSeconds: ['20', 20, '-1'],
  sendSeconds: ['90', 90, 'long'],
  maxConnections: count1,
  prefix2: ['off', false, 'iiif/2'],
  prefix3: ['/images', '/images', '/images/'],
  baseUri: ['https://example.org/images', 'https://example.org/images', 'example.org'],
  trustProxy: ['loopback,192.0.2.1', ['loopback', '192.0.2.1'], ',a'],
  slashSubstitute: ['~', '~'],
  maxPixels: ['1000', 1000, '1.5'],
  maxWidth: count1,
  maxHeight: count1,
  maxScale: ['2.5', 2.5, '0.5'],
  formats: ['jpg, webp', ['jpg', 'webp'], 'jpg,'],
  redirectToCanonical: ['on', true, 'often'],
  cacheControl: ['no-cache', 'no-cache'],
  revalidate: ['never', 'never', 'sometimes'],
  rights: [
    'http://creativecommons.org/publicdomain/mark/1.0/',
    'http://creativecommons.org/publicdomain/mark/1.0/',
  ],
  overlayText: ['© nobody', '© nobody'],
  presentation: flagRow,
  cacheMemory: ['0', 0, '-5'],
  cacheFolder: pathRow,
  cacheSize: ['10GB', 10e9, '10 stones'],
  cacheRedis: ['rediss://localhost:6379/2', 'rediss://localhost:6379/2', 'localhost:6379'],
  cacheS3Bucket: ['results', 'results'],
  cacheSeconds: ['60', 60, '0'],
  maintenance: ['false', false, 'x'],
  workers: ['3', 3, '513'],
  memory: ['512Mi', 2 ** 29, 'much'],
  tileLane: count1,
  largeLane: count1,
  requestSeconds: ['30', 30, '2000001'],
  healthAccess: accessRow,
  metricsAccess: accessRow,
  statusAccess: accessRow,
  tasksAccess: accessRow,
  operationsTokenFile: pathRow,
  operationsPrefix: ['/operations', '/operations', 'operations'],
  healthImage: ['test.tif', 'test.tif'],
  startPage: flagRow,
  shutdownSeconds: ['0', 0, 'soon'],
  shutdownDelaySeconds: ['5', 5, '-5'],
  accessLog: logRow,
  accessLogFormat: ['json', 'json', 'xml'],
  errorLog: ['no', false],
  errorLogFormat: ['text', 'text', 'json5'],
  config: ['off', false],
}

const readValue = ([, value]: Row): unknown => (typeof value === 'function' ? value() : value)

const cases = allOptions.map(option => ({ option, name: option.name, row: rows[option.name] }))
const inFiles = cases.filter(({ name }) => name !== 'config')
const withWrong = cases.flatMap(({ option, name, row: [, , wrong] }) =>
  wrong === undefined ? [] : [{ option, name, wrong }],
)

describe('each option', () => {
  it.each(cases)(
    'is read from a flag and from a variable, and its origin is told: $name',
    async ({ name, row }) => {
      const [flag, variable] = [`--${formatFlag(name)}`, formatVariable(name)]
      for (const [given, origin] of [
        [{ flags: { [name]: row[0] } }, flag],
        [{ environment: { [variable]: row[0] } }, variable],
      ] as const) {
        const { settings, origins } = await resolve(given)
        expect([settings[name], origins.get(name)]).toEqual([readValue(row), origin])
      }
    },
  )

  it.each(inFiles)(
    'is read from a file, where a wrong type is told: $name',
    async ({ name, option, row }) => {
      const value = option.type.place && row[1] !== false ? row[0] : row[1]
      const resolution = await resolveFile(`export default ${JSON.stringify({ [name]: value })}`)
      expect(resolution.settings[name]).toEqual(readValue(row))
      expect(resolution.origins.get(name)).toBe(resolution.name)
      const problems = await listProblems(resolveFile(`export default { ${name}: {} }`))
      expect(problems).toEqual([
        `config-${count}.mjs: ${name}: expected ${option.type.expected} but received object`,
      ])
    },
  )

  it.each(withWrong)(
    'tells a wrong text in a line, by the name it came by: $name',
    async ({ name, option, wrong }) => {
      const received = `expected ${option.type.expected} but received "${wrong}"`
      const [flag, variable] = [`--${formatFlag(name)}`, formatVariable(name)]
      expect(await listProblems(resolve({ flags: { [name]: wrong } }))).toEqual([`${flag}: ${received}`])
      expect(await listProblems(resolve({ environment: { [variable]: wrong } }))).toEqual([
        `${variable}: ${received}`,
      ])
    },
  )

  it.each(cases)('has its default where nothing is said, and is listed: $name', async ({ name, option }) => {
    const { settings, origins } = await resolve({})
    expect([settings[name], origins.has(name)]).toEqual([option.default, false])
    expect(option.default === undefined).toBe(option.otherwise !== undefined)
    expect(listAllOptions()).toContain(`  --${formatFlag(name)}`)
    expect(listAllOptions()).toContain(`      ${formatVariable(name)}\n`)
  })
})

describe('the ways together', () => {
  it('a flag goes before a variable, that before the file, that before the default', async () => {
    const environment = { HONEYDEW_PORT: '2', HONEYDEW_HOST: 'two' }
    const file = 'export default { port: 3, host: "three", maxPixels: 3 }'
    const { settings, origins, name } = await resolveFile(file, { flags: { port: '1' }, environment })
    expect([settings.port, settings.host, settings.maxPixels, settings.http2]).toEqual([1, 'two', 3, true])
    expect(origins.get('port')).toBe('--port')
    expect(origins.get('host')).toBe('HONEYDEW_HOST')
    expect(origins.get('maxPixels')).toBe(name)
  })

  it('all that is wrong is told at once', async () => {
    const problems = listProblems(
      resolveFile('export default { svg: 1, fly: true }', {
        flags: { port: 'x' },
        environment: { HONEYDEW_WORKERS: 'many' },
      }),
    )
    expect((await problems).map(problem => problem.replace(/:? expected.*/, ''))).toEqual([
      `config-${count}.mjs: fly: there is no such option`,
      `config-${count}.mjs: svg`,
      '--port',
      'HONEYDEW_WORKERS',
    ])
  })

  it('what is told beside the options is never passed over', async () => {
    const problems = listProblems(resolveFile("export default { service: null, tls: 'a.pem', nameUser: {} }"))
    const name = `config-${count}.mjs`
    expect(await problems).toEqual([
      `${name}: service: expected options, or a function that gives them`,
      `${name}: tls: expected certificates`,
      `${name}: nameUser: expected a function`,
    ])
    const given = await resolveFile('export default { service: () => ({}), nameUser: String }')
    expect(Object.keys(given.config)).toEqual(['service', 'nameUser'])
  })

  it('an empty variable says nothing, and one that nobody knows is told', async () => {
    const { settings, warnings } = await resolve({
      environment: { HONEYDEW_PORT: '', HONEYDEW_PROT: '80', OTHER: '1' },
    })
    expect(settings.port).toBe(8182)
    expect(warnings).toEqual(['HONEYDEW_PROT: there is no such option'])
  })

  it('takes no variables of Kubernetes for options', async () => {
    const environment = {
      HONEYDEW_PORT: 'tcp://10.0.0.1:8182',
      HONEYDEW_SERVICE_HOST: '10.0.0.1',
      HONEYDEW_PORT_8182_TCP: 'tcp://10.0.0.1:8182',
    }
    const { settings, warnings } = await resolve({ environment })
    expect([settings.port, warnings]).toEqual([8182, []])
  })

  it.each([
    ['nowhere.mjs', undefined, /^config: there is no file ".*nowhere\.mjs"$/],
    ['nothing.mjs', 'export const a = 1', /^nothing\.mjs: expected a configuration as its default export$/],
    ['throws.mjs', 'throw new Error("no")', /^throws\.mjs cannot be loaded: no/],
  ])('tells in a line what is wrong with a file: %s', async (name, text, expected) => {
    if (text !== undefined) await writeFile(inFolder(name), text)
    const problems = await listProblems(resolve({ flags: { config: name } }))
    expect(problems).toEqual([expect.stringMatching(expected)])
  })

  it('finds the file of the working directory, and places of the file belong to its folder', async () => {
    const own = await mkdtemp(inFolder('own-'))
    await writeFile(join(own, 'honeydew.config.mjs'), "export default { folder: './images' }")
    const { settings, configPath } = await resolve({ folder: own })
    expect([settings.folder, configPath]).toEqual([join(own, 'images'), join(own, 'honeydew.config.mjs')])
    const elsewhere = await resolve({ flags: { config: join(own, 'honeydew.config.mjs') } })
    expect(elsewhere.settings.folder).toBe(join(own, 'images'))
  })
})

describe('--print-config', () => {
  it('shows each option with where it comes from, and no secret', async () => {
    const resolution = await resolveFile(
      `export default {
        httpSource: 'https://me:hush1@example.org/{identifier}?token=hush2',
        service: { authorize() {} },
        tls: { cert: 'a', key: 'hush3' },
      }`,
      {
        environment: { HONEYDEW_CACHE_REDIS: 'redis://user:hush4@localhost:6379' },
        flags: { cacheSize: '3GB' },
      },
    )
    const text = printOptions(resolution)
    expect(text).not.toContain('hush')
    expect(text).toMatch(
      /^httpSource +"https:\/\/me:\*\*\*@example\.org\/\{identifier\}\?token=\*\*\*" +config-\d+\.mjs$/m,
    )
    expect(text).toMatch(/^cacheRedis +"redis:\/\/user:\*\*\*@localhost:6379" +HONEYDEW_CACHE_REDIS$/m)
    expect(text).toMatch(/^cacheSize +3000000000 +--cache-size$/m)
    expect(text).toMatch(/^tls +cert, key +configuration file$/m)
    expect(text).toMatch(/^port +8182 +default$/m)
    for (const { name } of allOptions) expect(text).toMatch(new RegExp(`^${name} `, 'm'))
  })

  it('tells no secret of what is wrong either', async () => {
    const [problem] = await listProblems(resolve({ flags: { cacheRedis: 'http://user:hush@localhost' } }))
    expect(problem).toContain('http://user:***@localhost')
  })
})
