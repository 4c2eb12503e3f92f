/* The manifests of Kubernetes, without a cluster: held against its schemas, and against each other. */
import { Deployment } from 'kubernetes-models/apps/v1'
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { ConfigMap, Service } from 'kubernetes-models/v1'
import { describe, expect, it } from 'vitest'
import { type KubernetesObject, kubernetesFiles, readInstructions, readObjects } from './files.js'
import { watch } from './known-fields.js'

const models: Readonly<Record<string, new (data: never) => { validate(): void }>> = {
  ConfigMap,
  Deployment,
  Ingress,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
}

/* What is wrong with an object, in words. */
function check(object: KubernetesObject): readonly string[] {
  const Model = models[object.kind]
  if (!Model) return [`no schema of ${object.kind}`]
  const watched = watch(new Model(object as never))
  try {
    const { validate } = watched.object as { validate(): void }
    validate.call(watched.object)
  } catch (error) {
    return [String(error)]
  }
  return watched.listUnseen().map(path => `unknown: ${path}`)
}

const objects = kubernetesFiles.flatMap(file => readObjects(file))
const ofKind = (kind: string): readonly KubernetesObject[] => objects.filter(object => object.kind === kind)
const deployments = ofKind('Deployment').map(object => [object.metadata.name, object] as const)
const matches = (labels: Record<string, string>, selector: Record<string, string>): boolean =>
  Object.entries(selector).every(([name, value]) => labels[name] === value)
const podLabels = ({ spec }: KubernetesObject) => spec.template.metadata.labels
const namesOf = (things: readonly { readonly name: string }[] = []): string[] =>
  things.map(({ name }) => name)

it.each(objects.map(object => [object.kind, object.metadata.name, object] as const))(
  '%s %s has what the schema of Kubernetes has',
  (_kind, _name, object) => expect(check(object)).toEqual([]),
)

it('fields that do not exist would be found', () => {
  const [, deployment] = deployments[0] ?? []
  const wrong = structuredClone(deployment) as KubernetesObject
  wrong.spec.replcias = 3
  wrong.spec.template.spec.containers[0].readynessProbe = {}
  expect(check(wrong)).toEqual([
    'unknown: .spec.template.spec.containers.0.readynessProbe',
    'unknown: .spec.replcias',
  ])
  wrong.spec.replicas = 'three'
  expect(check(wrong)).toEqual([expect.stringContaining('replicas')])
})

describe.each(deployments)('the pods of %s', (_name, { spec }) => {
  const { spec: pod, metadata } = spec.template
  const [container] = pod.containers

  it('are those that it looks for', () => {
    expect(matches(metadata.labels, spec.selector.matchLabels)).toBe(true)
  })

  it('may do nothing that they need not', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    })
    expect(pod.securityContext.runAsUser).toBeGreaterThan(0)
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  it('have an image whose version does not move, and a bound for memory', () => {
    expect(container.image).toMatch(/:\d+\.\d+\.\d+(?:-\w+)?$/)
    expect(container.resources.limits.memory).toMatch(/^\d+[GM]i$/)
  })

  it('have the ports that they are probed at, and the volumes that they use', () => {
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const { httpGet, tcpSocket } = container[probe] ?? {}
      const port = (httpGet ?? tcpSocket)?.port
      if (port !== undefined) expect(namesOf(container.ports)).toContain(port)
    }
    expect(namesOf(container.volumeMounts).sort()).toEqual(namesOf(pod.volumes).sort())
  })
})

it('the pods of honeydew listen at the port of the image, as its user', () => {
  const [port] = readInstructions().flatMap(({ name, words }) => (name === 'EXPOSE' ? [words] : []))
  const [user] = readInstructions().flatMap(({ name, words }) => (name === 'USER' ? [words] : []))
  for (const [, { spec }] of deployments.filter(([name]) => name.startsWith('honeydew'))) {
    const { containers, securityContext } = spec.template.spec
    expect(containers[0].ports).toEqual([{ name: 'http', containerPort: Number(port) }])
    expect(`${securityContext.runAsUser}:${securityContext.runAsGroup}`).toBe(user)
  }
})

it('each service leads to the pods of one deployment, and to a port that they have', () => {
  const found = ofKind('Service').map(({ metadata, spec }) => {
    const behind = deployments.filter(([, deployment]) => matches(podLabels(deployment), spec.selector))
    const [container] = behind[0]?.[1].spec.template.spec.containers ?? []
    for (const { targetPort } of spec.ports) expect(namesOf(container.ports)).toContain(targetPort)
    return [metadata.name, behind.map(([name]) => name)]
  })
  // No request from outside comes to the pod that does maintenance.
  expect(found).toEqual([
    ['honeydew', ['honeydew']],
    ['redis', ['redis']],
  ])
})

it('the way in leads to ports that services have, with the whole path', () => {
  const [ingress] = ofKind('Ingress')
  const rules = (ingress?.spec.rules ?? []) as { http: { paths: Record<string, never>[] } }[]
  const paths = rules.flatMap(({ http }) => http.paths) as unknown as {
    path: string
    backend: { service: { name: string; port: { name: string } } }
  }[]
  expect(paths.map(({ path }) => path)).toEqual(['/iiif/', '/presentation/'])
  for (const { service } of paths.map(({ backend }) => backend)) {
    const [found] = ofKind('Service').filter(({ metadata }) => metadata.name === service.name)
    expect(namesOf(found?.spec.ports)).toContain(service.port.name)
  }
  expect(Object.keys(ingress?.metadata.annotations ?? {}).filter(name => /rewrite/.test(name))).toEqual([])
})

it('Redis is where honeydew looks for it, and lets its pods in alone', () => {
  const { hostname, port } = new URL(ofKind('ConfigMap')[0]?.data?.HONEYDEW_CACHE_REDIS ?? '')
  const [service] = ofKind('Service').filter(({ metadata }) => metadata.name === hostname)
  expect(service?.spec.ports.map((each: { port: number }) => String(each.port))).toEqual([port])
  const [policy] = ofKind('NetworkPolicy')
  const [from] = policy?.spec.ingress[0].from ?? []
  const letIn = deployments.filter(([, each]) => matches(podLabels(each), from.podSelector.matchLabels))
  expect(letIn.map(([name]) => name)).toEqual(['honeydew', 'honeydew-maintenance'])
})

it('a node can be emptied: fewer pods have to stay than there are', () => {
  const [budget] = ofKind('PodDisruptionBudget')
  const looksFor = budget?.spec.selector.matchLabels
  const meant = deployments.filter(([, deployment]) => matches(podLabels(deployment), looksFor))
  expect(meant.map(([name]) => name)).toEqual(['honeydew'])
  expect(budget?.spec.minAvailable).toBeLessThan(meant[0]?.[1].spec.replicas)
})

it('the variables of the pods are those of an object that is there', () => {
  const [container] = deployments[0]?.[1].spec.template.spec.containers ?? []
  const wanted = container.envFrom.map((each: { configMapRef: { name: string } }) => each.configMapRef.name)
  expect(wanted).toEqual(ofKind('ConfigMap').map(({ metadata }) => metadata.name))
})
