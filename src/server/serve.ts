/* The server, from its options to its end: it runs until a signal tells it to stop. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Surroundings } from './alone.js'
import { checkTogether } from './check-places.js'
import { StartError } from './cluster/worker-process.js'
import { type ErrorLog, openErrorLog } from './log/error-log.js'
import { OptionsError, refuseLog } from './options-error.js'
import { type Given, type Resolution, resolveOptions } from './resolve.js'
import type { Running } from './running.js'
import { divideMachine } from './service/share.js'

/** The signals that a server listens to. */
export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** Where a server is started. */
export interface ServeContext {
  /** What options are read from. */
  readonly given: Given
  /** Tells who started it. */
  tell(text: string): void
  /** Hears signals, until it is called. */
  onSignal(listener: (name: SignalName) => void): () => void
  /** Ends this process at once. */
  die(): void
}

/**
 * Serves until a signal tells it to stop.
 *
 * @returns the exit code: 0, or 1 where requests were cut off
 * @throws {@link OptionsError} where options are wrong; {@link ToolError} or {@link StartError} where it cannot begin.
 */
export async function serve(context: ServeContext): Promise<number> {
  const { given, tell, die } = context
  const resolution = await resolveOptions(given)
  await checkTogether(resolution)
  for (const warning of resolution.warnings) tell(warning)
  const { settings } = resolution
  const log = await openErrorLog({ path: settings.errorLog, format: settings.errorLogFormat }).catch(error =>
    refuseLog('errorLog', error),
  )
  // What is written to a file is also told to who looks on.
  const isShown = settings.errorLog !== '-'
  const onNotice = (text: string): void => {
    log.tell('info', text)
    if (isShown) tell(text)
  }
  let lose: (error: unknown) => void = () => {}
  const lost = new Promise<never>((_resolve, reject) => {
    lose = reject
  })
  const surroundings: Surroundings = { given, log, onNotice, die }
  try {
    const running = await start(resolution, surroundings, lose)
    onNotice(describe(resolution, running))
    const code = await Promise.race([runUntilSignal(running, context, log), lost])
    if (running.isWorking()) {
      await log.close()
      die()
    }
    return code
  } finally {
    await log.close()
  }
}

/* What makes images is loaded where images are made: with several workers not in this process. */
async function start(
  resolution: Resolution,
  surroundings: Surroundings,
  onLost: (error: unknown) => void,
): Promise<Running> {
  if (divideMachine(resolution.settings).workers === 1) {
    const { serveAlone } = await import('./alone.js')
    return serveAlone(resolution, surroundings)
  }
  const { serveCrew } = await import('./cluster/serve-crew.js')
  return serveCrew(resolution, surroundings, onLost)
}

/* A terminal and npm both hand on Ctrl-C: what comes so soon is the same press. */
const samePressMs = 1000

function runUntilSignal(running: Running, { onSignal, tell }: ServeContext, log: ErrorLog): Promise<number> {
  return new Promise(resolve => {
    let stoppingSince: number | undefined
    let reloading: Promise<void> = Promise.resolve()
    const stop = async (name: SignalName): Promise<void> => {
      stoppingSince = performance.now()
      const { shutdownSeconds, shutdownDelaySeconds } = running.times()
      log.tell('info', `${name}: the server ends; requests have ${shutdownSeconds} s to come to their end.`)
      running.drain()
      await sleep(shutdownDelaySeconds * 1000)
      const cut = await running.stop(shutdownSeconds * 1000)
      if (cut > 0) {
        const message = `${cut} ${cut === 1 ? 'request was' : 'requests were'} cut off.`
        log.tell('error', message)
        tell(message)
      }
      forget()
      resolve(cut > 0 ? 1 : 0)
    }
    const forget = onSignal(name => {
      if (name === 'SIGHUP') {
        if (stoppingSince === undefined) reloading = reloading.then(() => reload(running, log))
      } else if (stoppingSince === undefined) void stop(name)
      else if (performance.now() - stoppingSince > samePressMs) {
        running.kill()
        resolve(1)
      }
    })
  })
}

async function reload(running: Running, log: ErrorLog): Promise<void> {
  log.tell('info', 'SIGHUP: logs are opened and options read anew.')
  try {
    await running.reload()
    log.tell('info', 'The server answers by the new options.')
  } catch (error) {
    const lines =
      error instanceof OptionsError ? error.problems : error instanceof StartError ? error.lines : undefined
    if (lines === undefined) log.tell('error', 'The options stay as they were.', { error })
    for (const line of lines ?? []) log.tell('error', `The options stay as they were: ${line}`)
  }
}

function describe({ settings, config }: Resolution, { port, workers }: Running): string {
  const { folder, httpSource, s3Bucket, host, tlsCert, tlsPfx } = settings
  const places = [folder, httpSource && 'another server', s3Bucket && `the bucket ${s3Bucket}`].filter(
    Boolean,
  )
  const what = places.length > 0 ? places.join(', ') : 'the images of its configuration file'
  const scheme = config.tls || tlsCert || tlsPfx ? 'https' : 'http'
  const isAnywhere = ['127.0.0.1', '0.0.0.0', '::', '::1', 'localhost'].includes(host)
  const name = isAnywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host
  const by = workers === 1 ? 'one worker' : `${workers} workers`
  return `honeydew serves ${what} at ${scheme}://${name}:${port}/ by ${by}`
}
