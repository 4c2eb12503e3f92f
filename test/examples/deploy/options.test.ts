/* What the files of examples/deploy tell `honeydew serve` is what it understands. */
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { createImageService } from '../../../src/service.js'
import { fileSource } from '../../../src/source/file.js'
import { hasServer, listTellings, optionTable, pathOf, readObjects, readText, readWords } from './files.js'

/* As far as it is needed here: src/server/options/option.ts has the whole. */
interface Option {
  readonly name: string
  readonly default?: unknown
  readonly otherwise?: string
  readonly type: { readonly canBeOff?: boolean; parse(text: string): unknown }
}

interface Options {
  readonly allOptions: readonly Option[]
  formatVariable(name: string): string
  formatFlag(name: string): string
}

const tellings = listTellings().map(telling => [telling.place, telling] as const)

describe.skipIf(!hasServer)('honeydew serve', () => {
  let options: Options
  beforeAll(async () => {
    const [table, names] = [optionTable, pathOf('src/server/options/option.ts')].map(
      path => import(pathToFileURL(path).href),
    )
    options = { ...(await table), ...(await names) }
  })
  const read = ({ type }: Option, text: string): unknown =>
    type.canBeOff && /^(?:false|no|off)$/i.test(text) ? false : type.parse(text)
  const resolveValue = (variables: Readonly<Record<string, string>>, name: string): unknown => {
    const option = options.allOptions.find(each => each.name === name)
    const given = variables[options.formatVariable(name)]
    return option && given !== undefined ? read(option, given) : option?.default
  }

  it.each(tellings)('knows each variable of %s, and its value', (_place, { variables }) => {
    const told = Object.entries(variables).filter(([name]) => name.startsWith('HONEYDEW_'))
    expect(told.length).toBeGreaterThan(0)
    for (const [name, value] of told) {
      const option = options.allOptions.find(each => options.formatVariable(each.name) === name)
      expect([name, option?.name]).toEqual([name, expect.any(String)])
      if (option) expect([name, value, read(option, value)]).toEqual([name, value, expect.anything()])
    }
  })

  it.each(tellings)('knows each word of the command of %s', (_place, { words }) => {
    const [command, folder, ...flags] = words
    expect([command, folder]).toEqual(['serve', expect.stringMatching(/^\/\w+/)])
    const known = options.allOptions.map(({ name }) => `--${options.formatFlag(name)}`)
    for (const flag of flags) expect(known).toContain(flag.split('=')[0])
  })

  it.each(tellings)(
    'ends before it would be killed by %s',
    (_place, { variables, graceSeconds = Infinity }) => {
      const delay = Number(resolveValue(variables, 'shutdownDelaySeconds'))
      const end = Number(resolveValue(variables, 'shutdownSeconds'))
      expect(delay + end).toBeLessThan(graceSeconds)
    },
  )

  it.each(tellings)('listens where %s says', (place, { variables }) => {
    expect(resolveValue(variables, 'host')).toBe(place === 'honeydew.service' ? '127.0.0.1' : '0.0.0.0')
    expect(resolveValue(variables, 'port')).toBe(8182)
    expect(readText('examples/deploy/Containerfile')).toContain('\nEXPOSE 8182\n')
  })

  it('keeps connections for longer than all proxies do, and answers before they give up', () => {
    expect(resolveValue({}, 'keepAliveSeconds')).toBeGreaterThan(60)
    const request = options.allOptions.find(({ name }) => name === 'requestSeconds')
    expect(Number(request?.otherwise)).toBeLessThan(130)
    const waits = /(?:read_timeout|ProxyTimeout|timeout server|header_timeout) 130s?\b|timeout-server: 130s/
    const files = ['proxies/nginx/snippets/honeydew.conf', 'proxies/apache/honeydew-proxy.conf']
    const others = ['proxies/haproxy/haproxy.cfg', 'proxies/caddy/Caddyfile', 'cluster/haproxy.cfg']
    for (const file of [...files, ...others, 'deploy/kubernetes/ingress.yaml'])
      expect([file, waits.test(readText(`examples/${file}`))]).toEqual([file, true])
  })

  it('answers at the paths that are probed', async () => {
    const path = pathOf('src/operations/index.ts')
    const { createOperations } = await import(pathToFileURL(path).href)
    const service = createImageService({ source: fileSource('.') })
    const operations = createOperations(service)
    const probes = (['honeydew', 'maintenance'] as const)
      .flatMap(file => readObjects(file))
      .flatMap(({ spec }) => spec?.template?.spec.containers ?? [])
      .flatMap(({ startupProbe, readinessProbe, livenessProbe }) => [
        startupProbe,
        readinessProbe,
        livenessProbe,
      ])
      .flatMap(probe => probe?.httpGet?.path ?? [])
    const [, , script = ''] = readWords('HEALTHCHECK')
    const [, inImage] = /:8182(\/\w+)/.exec(script) ?? []
    const paths = new Set([...probes, inImage])
    expect(paths).toEqual(new Set(['/ready', '/health']))
    for (const url of paths) {
      const reply = await operations.handle({
        method: 'GET',
        url,
        headers: { host: 'localhost' },
        scheme: 'http',
        authority: 'localhost',
        mountPath: '',
        remoteAddress: '127.0.0.1',
      })
      expect([url, reply?.status]).toEqual([url, 200])
    }
    await operations.close?.()
    await service.close()
  })
})
