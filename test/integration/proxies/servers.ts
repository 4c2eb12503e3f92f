/* The four proxies, each run with exactly the files in examples/proxies: what differs from machine to machine is told them
   as those files say. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { takePort } from '../../bench/port.js'

const examples = resolve(import.meta.dirname, '../../../examples/proxies')
const isRoot = process.getuid?.() === 0

/** The hosts of the examples. */
export const hosts = ['iiif.example.org', 'www.example.org', 'photos.example.org'] as const

/** A proxy that is running. */
export interface RunningProxy {
  /** The ports for clients. */
  readonly ports: Readonly<Record<'http' | 'https', number>>
  /** The certificate that clients must trust. */
  readonly certificate: string
  /** Stops it, and removes its folder. */
  stop(): Promise<void>
}

/** What a site is known by. */
export interface Address {
  readonly scheme: 'http' | 'https'
  readonly host: (typeof hosts)[number]
}

/** A proxy that can be run. */
export interface ProxyKind {
  /** Its name. */
  readonly name: string
  /** Whether it is installed here. */
  readonly isInstalled: boolean
  /** Whether it keeps answers of a site. */
  keeps(site: Address): boolean
  /** Whether it notices a client that leaves before the first byte of the answer. */
  readonly hearsSilence: boolean
  /** Whether one of many who ask for the same asks honeydew. */
  readonly gathers: boolean
  /** Starts it in front of a honeydew. */
  start(honeydew: string): Promise<RunningProxy>
}

/** What the examples leave to the machine. */
interface Place {
  /** A folder of its own. */
  readonly home: string
  /** The words of the examples and their values. */
  readonly words: Readonly<Record<string, string>>
}

/** How a proxy is run. */
type Launch = (place: Place) => {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

function define(name: string, command: string, launch: Launch, facts: Partial<ProxyKind> = {}): ProxyKind {
  const { status } = spawnSync(command, [command === 'caddy' ? 'version' : '-v'], { stdio: 'ignore' })
  return {
    name,
    isInstalled: status === 0,
    keeps: () => false,
    hearsSilence: true,
    gathers: false,
    ...facts,
    start: honeydew => startProxy(name, launch, honeydew),
  }
}

/* Debian's main file has the like of these around what users add. */
const nginx = define(
  'nginx',
  'nginx',
  ({ home, words }) => {
    const template = readFileSync(join(examples, 'nginx/honeydew.conf.template'), 'utf8')
    // As `envsubst` does with a list of words: nginx has variables of its own.
    const site = template.replace(/\$\{([A-Z_]+)\}/g, (found, word: string) => words[word] ?? found)
    const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    mkdirSync(join(home, 'snippets'))
    copyFileSync(join(examples, 'nginx/snippets/honeydew.conf'), join(home, 'snippets/honeydew.conf'))
    writeFileSync(join(home, 'site.conf'), site)
    writeFileSync(
      join(home, 'nginx.conf'),
      `${isRoot ? 'user root;' : ''} daemon off; pid pid; error_log stderr; worker_processes 1;
      events { worker_connections 512; }
      http { access_log off; ${kinds.map(kind => `${kind}_temp_path ${kind};`).join(' ')} include site.conf; }\n`,
    )
    return { command: 'nginx', args: ['-c', join(home, 'nginx.conf'), '-p', home, '-e', 'stderr'] }
  },
  { keeps: ({ host }) => host === 'iiif.example.org', gathers: true },
)

/* As Debian's `a2enmod` and ports.conf do. */
const apache = define(
  'Apache',
  'apache2',
  ({ home, words }) => {
    const modules = 'mpm_event authz_core cache cache_disk deflate filter headers http2 proxy proxy_http'
    const load = `${modules} rewrite socache_shmcb ssl`
      .split(' ')
      .map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
    const given = { ...words, HONEYDEW_COMMON: join(examples, 'apache/honeydew-proxy.conf') }
    const lines = [
      `ServerRoot ${home}`,
      `PidFile ${home}/pid`,
      `DefaultRuntimeDir ${home}`,
      'ErrorLog /dev/stderr',
      'ServerName localhost',
      ...load,
      ...(isRoot ? ['User www-data', 'Group www-data'] : []),
      `Listen 127.0.0.1:${words.HTTP_PORT}`,
      `Listen 127.0.0.1:${words.HTTPS_PORT}`,
      ...Object.entries(given).map(([word, value]) => `Define ${word} ${value}`),
      `Include ${join(examples, 'apache/honeydew.conf')}`,
    ]
    writeFileSync(join(home, 'httpd.conf'), `${lines.join('\n')}\n`)
    return { command: 'apache2', args: ['-f', join(home, 'httpd.conf'), '-DFOREGROUND'] }
  },
  { keeps: ({ scheme, host }) => scheme === 'https' && host === 'iiif.example.org', hearsSilence: false },
)

const haproxy = define('HAProxy', 'haproxy', ({ home, words }) => ({
  command: 'haproxy',
  args: ['-db', '-f', join(examples, 'haproxy/haproxy.cfg')],
  env: { ...words, CERTIFICATE: join(home, 'both.pem') },
}))

const caddy = define('Caddy', 'caddy', ({ home, words }) => ({
  command: 'caddy',
  args: ['run', '--config', join(examples, 'caddy/Caddyfile')],
  env: {
    ...words,
    ADMIN: `unix/${join(home, 'admin')}`,
    HOME: home,
    XDG_DATA_HOME: home,
    XDG_CONFIG_HOME: home,
  },
}))

/** The proxies. */
export const proxies: readonly ProxyKind[] = [nginx, apache, haproxy, caddy]

async function startProxy(name: string, launch: Launch, honeydew: string): Promise<RunningProxy> {
  const home = mkdtempSync(join(tmpdir(), 'honeydew-proxy-'))
  // Apache does not work as root.
  chmodSync(home, 0o755)
  mkdirSync(join(home, 'cache'))
  chmodSync(join(home, 'cache'), 0o777)
  writeCertificate(home)
  const ports = { http: await takePort(), https: await takePort() }
  const words = {
    HONEYDEW: honeydew,
    HTTP_PORT: String(ports.http),
    HTTPS_PORT: String(ports.https),
    CERTIFICATE: join(home, 'certificate.pem'),
    CERTIFICATE_KEY: join(home, 'key.pem'),
    CACHE_FOLDER: join(home, 'cache'),
  }
  const { command, args, env = {} } = launch({ home, words })
  const log = openSync(join(home, 'log'), 'w')
  const child = spawn(command, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } })
  closeSync(log)
  const stop = async () => {
    await end(child)
    rmSync(home, { recursive: true, force: true })
  }
  try {
    for (const port of Object.values(ports)) await waitForPort(port, child)
  } catch {
    const output = readFileSync(join(home, 'log'), 'utf8')
    await stop()
    throw new Error(`${name} does not listen: ${output}`)
  }
  return { ports, certificate: readFileSync(words.CERTIFICATE, 'utf8'), stop }
}

/* The key lies apart from the certificate and, for HAProxy, together with it. */
function writeCertificate(home: string): void {
  const names = hosts.map(host => `DNS:${host}`).join(',')
  const kind = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=honeydew'
  const paths = ['-keyout', join(home, 'key.pem'), '-out', join(home, 'certificate.pem')]
  execFileSync('openssl', [...kind.split(' '), '-addext', `subjectAltName=${names}`, ...paths], {
    stdio: 'pipe',
  })
  const [key, certificate] = ['key.pem', 'certificate.pem'].map(name =>
    readFileSync(join(home, name), 'utf8'),
  )
  writeFileSync(join(home, 'both.pem'), `${certificate}${key}`)
}

async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  for (let left = 500; left > 0 && child.exitCode === null; left -= 1) {
    if (await isListening(port)) return
    await new Promise(later => setTimeout(later, 20))
  }
  throw new Error(`nobody listens at ${port}`)
}

function isListening(port: number): Promise<boolean> {
  return new Promise(answer => {
    const socket = createConnection(port, '127.0.0.1')
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  child.kill('SIGTERM')
  await ended
  clearTimeout(timer)
}
