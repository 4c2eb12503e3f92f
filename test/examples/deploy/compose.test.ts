/* compose.yaml, without an engine: held against the schema of Compose, and against the other files that it names. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DCLinter } from 'dclint'
import { expect, it } from 'vitest'
import { pathOf, readCompose, readInstructions, readText } from './files.js'

const folder = 'examples/deploy'
const compose = readCompose()
const { honeydew, nginx } = compose.services

/* Of the rules of the linter those that are not about the order of keys; the image that is built is to have a name. */
const [on, off] = [2, 0] as const
const rules = {
  'no-build-and-image': off,
  'no-duplicate-container-names': on,
  'no-duplicate-exported-ports': on,
  'no-quotes-in-volumes': on,
  'no-unbound-port-interfaces': off,
  'no-version-field': on,
  'require-project-name-field': on,
  'require-quotes-in-ports': off,
  'service-container-name-regex': on,
  'service-dependencies-alphabetical-order': on,
  'service-image-require-explicit-tag': on,
  'service-keys-order': off,
  'service-ports-alphabetical-order': off,
  'services-alphabetical-order': on,
  'top-level-properties-order': on,
}

it('says nothing that Compose does not know', () => {
  const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] })
  const results = linter.lintFiles([pathOf(`${folder}/compose.yaml`)], false)
  expect(results.map(({ messages }: { readonly messages: readonly unknown[] }) => messages)).toEqual([[]])
})

it('what it builds, and the files that it hands to nginx, are in this repository', () => {
  const { context, dockerfile } = honeydew.build ?? { context: '', dockerfile: '' }
  expect(existsSync(pathOf(join(folder, context, dockerfile)))).toBe(true)
  const handed = Object.values(compose.services)
    .flatMap(({ volumes = [] }) => volumes)
    .filter(volume => volume.startsWith('../'))
    .map(volume => volume.split(':')[0] ?? '')
  expect(handed).toHaveLength(2)
  for (const path of handed) expect([path, existsSync(pathOf(join(folder, path)))]).toEqual([path, true])
})

it('each volume and network that is used is one that it has, and the other way round', () => {
  const services = Object.values(compose.services)
  const volumes = services.flatMap(service => service.volumes ?? []).map(volume => volume.split(':')[0] ?? '')
  expect(volumes.filter(name => /^\w/.test(name)).sort()).toEqual(Object.keys(compose.volumes).sort())
  expect([...new Set(services.flatMap(({ networks }) => networks))].sort()).toEqual(
    Object.keys(compose.networks).sort(),
  )
})

it('nginx is told each word of its template, and no other is replaced', () => {
  const template = readText('examples/proxies/nginx/honeydew.conf.template').replace(/^#.*$/gm, '')
  const words = new Set([...template.matchAll(/\$\{(\w+)\}/g)].map(([, word]) => word))
  const { NGINX_ENVSUBST_FILTER: filter = '', ...told } = nginx.environment ?? {}
  expect(new Set(Object.keys(told))).toEqual(words)
  // Compose writes a dollar twice.
  const isReplaced = new RegExp(filter.replaceAll('$$', '$'))
  expect(['HOSTNAME', 'PATH', 'HTTP', ...words].filter(word => isReplaced.test(word ?? ''))).toEqual([
    ...words,
  ])
})

it('nginx asks honeydew where it listens, on a network that both have', () => {
  const [port] = readInstructions().flatMap(({ name, words }) => (name === 'EXPOSE' ? [words] : []))
  expect(nginx.environment?.HONEYDEW).toBe(`honeydew:${port}`)
  expect(honeydew.networks).toEqual(expect.arrayContaining([...nginx.networks]))
})

it('honeydew finds Redis by its name, on a network of their own', () => {
  const { hostname } = new URL(honeydew.environment?.HONEYDEW_CACHE_REDIS ?? '')
  expect(Object.keys(compose.services)).toContain(hostname)
  const { networks } = compose.services.redis
  expect(honeydew.networks).toEqual(expect.arrayContaining([...networks]))
  expect(nginx.networks.filter(name => networks.includes(name))).toEqual([])
})
