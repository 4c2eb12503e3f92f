/* The Containerfile, without an engine: what a linter says of it, and whether what it names is there. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { validate } from 'dockerfile-utils'
import { expect, it } from 'vitest'
import { pathOf, readInstructions, readText, readWords } from './files.js'

const named = (wanted: string): string[] =>
  readInstructions().flatMap(({ name, words }) => (name === wanted ? [words] : []))

it('the linter has nothing to say', () => {
  expect(validate(readText('examples/deploy/Containerfile'))).toEqual([])
})

it('all stages are made of one image whose version does not move', () => {
  const [argument = '', ...others] = named('ARG')
  expect([argument, others]).toEqual([expect.stringMatching(/^NODE_IMAGE=[\w./]+:\d+\.\d+\.\d+-[\w-]+$/), []])
  for (const words of named('FROM')) expect(words).toMatch(/^\$\{NODE_IMAGE\}(?: AS \w+)?$/)
})

it('that image has a Node that honeydew runs in', () => {
  const [, major = ''] = /:(\d+)\./.exec(named('ARG')[0] ?? '') ?? []
  expect(Number(major)).toBeGreaterThanOrEqual(20)
  expect(JSON.parse(readText('package.json')).engines.node).toBe('>=20.19')
})

it('what is copied is there, or made by a stage before', () => {
  const stages = named('FROM').map(words => words.split(' AS ')[1])
  for (const words of named('COPY')) {
    const [first = '', ...rest] = words.split(' ')
    const from = first.startsWith('--from=') ? first.slice(7) : undefined
    if (from !== undefined) expect(stages).toContain(from)
    else
      for (const path of [first, ...rest].slice(0, -1))
        expect([path, existsSync(pathOf(path))]).toEqual([path, true])
  }
  expect(named('ADD')).toEqual([])
})

it('packages beside those of honeydew have the versions that it is tested with', () => {
  const { packages } = JSON.parse(readText('package-lock.json'))
  const installed =
    named('RUN')
      .join(' ')
      .match(/(?:@[\w-]+\/)?[\w-]+@\d[\w.-]*/g) ?? []
  expect(installed).toHaveLength(2)
  for (const text of installed) {
    const [, name, version] = /^(.+)@(.+)$/.exec(text) ?? []
    expect([name, version]).toEqual([name, packages[`node_modules/${name}`].version])
  }
})

it('what is run is the program of the package, by somebody who is not root', () => {
  const [node, program] = readWords('ENTRYPOINT')
  expect([node, program]).toEqual([
    'node',
    `/opt/honeydew/${JSON.parse(readText('package.json')).bin.honeydew}`,
  ])
  expect(named('WORKDIR').at(-1)).toBe('/opt/honeydew')
  expect(named('USER').at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/)
})

it('the check of health believes 200, and neither 503 nor silence', async () => {
  const [, , program = ''] = readWords('HEALTHCHECK')
  const asked: (string | undefined)[] = []
  let status = 200
  const server = createServer((request, response) => {
    asked.push(request.url)
    response.writeHead(status, { connection: 'close' }).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const run = async () => {
    const script = program.replace(`:${named('EXPOSE')[0]}/`, `:${port}/`)
    expect(script).not.toBe(program)
    const [code] = await once(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), 'exit')
    return code
  }
  expect(await run()).toBe(0)
  status = 503
  expect(await run()).toBe(1)
  await once(server.close(), 'close')
  expect(await run()).toBe(1)
  expect(asked).toEqual(['/health', '/health'])
})
