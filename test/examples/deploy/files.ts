/* The files of examples/deploy, read as those read them who run them, and what they tell honeydew. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'

const root = resolve(import.meta.dirname, '../../..')

/** The path of a file of this repository. */
export function pathOf(path: string): string {
  return resolve(root, path)
}

/** Reads a file of this repository. */
export function readText(path: string): string {
  return readFileSync(pathOf(path), 'utf8')
}

/** Reads the documents of a YAML file. @throws where it is none, or where versions of YAML understand it differently */
export function readYaml<T>(path: string): readonly T[] {
  const [now, then] = (['1.2', '1.1'] as const).map(version =>
    parseAllDocuments(readText(path), { version, strict: true, uniqueKeys: true }).map(document => {
      const [problem] = [...document.errors, ...document.warnings]
      if (problem) throw problem
      // Written and read again: what is repeated by name is there twice.
      return JSON.parse(JSON.stringify(document.toJS()))
    }),
  )
  // Kubernetes takes a `no` or a `0755` for something else than Compose does.
  if (JSON.stringify(now) !== JSON.stringify(then)) throw new Error(`${path}: a value needs quotes.`)
  return now as T[]
}

/** An instruction of a Containerfile, its lines joined. */
export interface Instruction {
  readonly name: string
  readonly words: string
}

/** Reads the instructions of the Containerfile. */
export function readInstructions(): readonly Instruction[] {
  const text = readText('examples/deploy/Containerfile')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
  return [...text.matchAll(/^([A-Z]+) (.*)$/gm)].map(([, name = '', words = '']) => ({ name, words }))
}

/** The words of an instruction that are given as a list. */
export function readWords(name: string): readonly string[] {
  const found = readInstructions().find(instruction => instruction.name === name)
  return JSON.parse(found?.words.replace(/^.*?(?=\[)/, '') ?? '[]')
}

/** A service of Compose. */
export interface ComposeService {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly networks: readonly string[]
  readonly stop_grace_period?: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

/** What compose.yaml says. */
export interface Compose {
  readonly services: Readonly<Record<'honeydew' | 'nginx' | 'redis', ComposeService>>
  readonly networks: Readonly<Record<string, unknown>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** Reads compose.yaml. */
export function readCompose(): Compose {
  const [compose] = readYaml<Compose>('examples/deploy/compose.yaml')
  if (!compose) throw new Error('compose.yaml is empty.')
  return compose
}

/** The files of Kubernetes, without their endings. */
export const kubernetesFiles = ['honeydew', 'ingress', 'maintenance', 'redis'] as const

/** An object of Kubernetes, as far as it is looked at here. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: its schema is checked by another test
  readonly spec?: any
}

/** Reads the objects of a file of Kubernetes. */
export function readObjects(file: (typeof kubernetesFiles)[number]): readonly KubernetesObject[] {
  return readYaml<KubernetesObject>(`examples/deploy/kubernetes/${file}.yaml`)
}

/** The values of a setting of the unit, in order. */
export function readUnit(name: string): readonly string[] {
  const unit = readText('examples/deploy/systemd/honeydew.service')
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)
}

/** What a file tells honeydew. */
export interface Telling {
  /** Where. */
  readonly place: string
  /** The variables. */
  readonly variables: Readonly<Record<string, string>>
  /** The words behind the name of the program. */
  readonly words: readonly string[]
  /** How long it may take to end before it is killed, in seconds. */
  readonly graceSeconds?: number
}

/** Lists what the files tell honeydew. */
export function listTellings(): readonly Telling[] {
  const image = readInstructions().filter(({ name }) => name === 'ENV')
  const inImage = parsePairs(image.flatMap(({ words }) => words.split(' ')))
  const entry = readWords('ENTRYPOINT').slice(2)
  const { honeydew } = readCompose().services
  const [, , ...command] = readUnit('ExecStart')[0]?.split(' ') ?? []
  return [
    { place: 'Containerfile', variables: inImage, words: [...entry, ...readWords('CMD')] },
    {
      place: 'compose.yaml',
      variables: { ...inImage, ...honeydew.environment },
      words: [...entry, ...(honeydew.command ?? readWords('CMD'))],
      graceSeconds: Number.parseInt(honeydew.stop_grace_period ?? '10', 10),
    },
    ...(['honeydew', 'maintenance'] as const).map(file => readPod(file, inImage, entry)),
    {
      place: 'honeydew.service',
      variables: parsePairs(readUnit('Environment')),
      words: command,
      graceSeconds: Number(readUnit('TimeoutStopSec')[0]),
    },
  ]
}

function readPod(
  file: (typeof kubernetesFiles)[number],
  inImage: Telling['variables'],
  entry: readonly string[],
): Telling {
  const objects = readObjects(file)
  const { spec } = objects.find(({ kind }) => kind === 'Deployment')?.spec.template ?? {}
  const [container] = spec.containers
  const given = (container.env ?? []) as readonly { readonly name: string; readonly value?: string }[]
  return {
    place: `kubernetes/${file}.yaml`,
    variables: {
      ...inImage,
      ...Object.assign({}, ...objects.map(({ data }) => data)),
      // What is kept secret has some value.
      ...Object.fromEntries(given.map(({ name, value = 'secret' }) => [name, value])),
    },
    words: [...entry, ...container.args],
    graceSeconds: spec.terminationGracePeriodSeconds,
  }
}

function parsePairs(pairs: readonly string[]): Readonly<Record<string, string>> {
  const split = pairs.map(pair => pair.split(/=(.*)/s))
  return Object.fromEntries(split.map(([name = '', value = '']) => [name, value]))
}

/** The table of the options of `honeydew serve`. */
export const optionTable: string = pathOf('src/server/options/table.ts')

/** Whether there is `honeydew serve`. */
export const hasServer: boolean = existsSync(optionTable)
