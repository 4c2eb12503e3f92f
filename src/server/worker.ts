/* A worker: sockets, and what is answered through them, until it is told to stop. */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createNodeHandler } from '../adapters/node.js'
import { ToolError } from '../errors.js'
import { loadTls, type TlsMaterial, type TlsOptions } from '../operations/index.js'
import { type AnyRequest, type AnyResponse, createListener, type Listener } from './net/listener.js'
import { watchReading } from './net/patience.js'
import type { ServerSettings } from './options/table.js'
import { OptionsError } from './options-error.js'
import type { Resolution } from './resolve.js'
import { createSite, type Site, type SiteContext } from './site.js'

/** A worker. */
export interface Worker {
  /** The port that it listens on. */
  readonly port: number
  /** What it answers with, now. */
  site(): Site
  /** Answers from now on by other options; what is being answered comes to its end by the old ones. */
  reload(resolution: Resolution): Promise<void>
  /** Says from now on that it is not ready. */
  drain(): void
  /** Stops. @returns how many requests were cut off when the time was over */
  stop(boundMs: number): Promise<number>
}

/**
 * Starts a worker.
 *
 * @throws {@link OptionsError} where options are wrong; {@link ToolError} where it cannot listen.
 */
export async function startWorker(
  resolution: Resolution,
  context: Omit<SiteContext, 'tls'>,
): Promise<Worker> {
  const { settings } = resolution
  let hearOfTls: NonNullable<TlsOptions['onReload']> = () => {}
  const tls = await openTls(resolution, error => hearOfTls(error))
  const full = { ...context, tls }
  let current = serveSite(await createSite(resolution, full), settings)
  hearOfTls = error => tellOfTls(current.site, error)
  const listener = createListener(settings, tls, (request, response) => current.answer(request, response))
  const port = await listen(listener, settings)
  return {
    port,
    site: () => current.site,
    async reload(next) {
      const site = await createSite(next, full)
      await tls?.reload().catch(error => tellOfTls(site, error))
      const old = current
      current = serveSite(site, next.settings)
      void old.retire(next.settings.shutdownSeconds * 1000)
    },
    drain: () => current.site.drain(),
    async stop(boundMs) {
      const cut = await listener.stop(boundMs)
      tls?.close()
      await current.site.close()
      return cut
    },
  }
}

interface Served {
  readonly site: Site
  answer(request: AnyRequest, response: AnyResponse): Promise<void>
  /** Closes the site when what it answers is answered. */
  retire(boundMs: number): Promise<void>
}

const stepMs = 50

function serveSite(site: Site, { sendSeconds }: ServerSettings): Served {
  const handler = createNodeHandler<AnyRequest, AnyResponse>(site)
  let inFlight = 0
  return {
    site,
    async answer(request, response) {
      inFlight += 1
      response.once('close', () => {
        inFlight -= 1
      })
      site.begin(request.headers, request.httpVersion)
      await handler(request, response)
      watchReading(response, sendSeconds)
    },
    async retire(boundMs) {
      const until = performance.now() + boundMs
      while (inFlight > 0 && performance.now() < until) await sleep(stepMs, undefined, { ref: false })
      await site.close()
    },
  }
}

function tellOfTls({ logs }: Site, error?: unknown): void {
  if (error === undefined) logs.errors.tell('info', 'New certificates are in use.')
  else logs.errors.tell('error', 'The certificates stay as they were.', { error })
}

async function openTls(
  { settings, config }: Resolution,
  onReload: NonNullable<TlsOptions['onReload']>,
): Promise<TlsMaterial | undefined> {
  const options = config.tls ?? buildTlsOptions(settings)
  if (!options) return undefined
  const hear: TlsOptions['onReload'] = error => {
    onReload(error)
    options.onReload?.(error)
  }
  try {
    return await loadTls({ ...options, onReload: hear })
  } catch (error) {
    throw new OptionsError([`tls: ${error instanceof Error ? error.message : String(error)}`])
  }
}

function buildTlsOptions({
  tlsCert: cert,
  tlsKey: key,
  tlsPfx: pfx,
  tlsPassphraseFile: file,
}: ServerSettings): TlsOptions | undefined {
  // Editors put a line feed at the end that is no part of it.
  const passphrase =
    file === undefined ? {} : { passphrase: async () => (await readFile(file, 'utf8')).replace(/\r?\n$/, '') }
  if (cert !== undefined && key !== undefined) return { cert, key, ...passphrase }
  return pfx === undefined ? undefined : { pfx, ...passphrase }
}

async function listen(listener: Listener, { host, port }: ServerSettings): Promise<number> {
  try {
    return await listener.listen()
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: `Port ${port} is in use: choose another one with --port`,
      EACCES: `This user may not listen on port ${port}: ports below 1024 belong to the system`,
      EADDRNOTAVAIL: `This machine has no address "${host}"`,
      ENOTFOUND: `This machine has no address "${host}"`,
    }
    throw new ToolError(reasons[code] ?? `The server cannot listen: ${message}`, { cause })
  }
}
