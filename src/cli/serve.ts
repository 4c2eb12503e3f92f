/* `honeydew serve`: a server for a folder of images, or for whatever its options name. */
import process from 'node:process'
import { formatFlag } from '../server/options/option.js'
import { allOptions } from '../server/options/table.js'
import type { Given } from '../server/resolve.js'
import type { ServeContext, SignalName } from '../server/serve.js'
import { type Command, type Io, UsageError } from './command.js'
import { plain } from './text.js'
import type { OptionSpecs, Words } from './words.js'

const usage = `Usage: honeydew serve <folder> [options]

Serves the images of a folder by the IIIF Image API, with a page at / to look
at them. Ctrl-C ends it when all requests are answered.

  --host <text>      the address to listen on (default 127.0.0.1: this machine)
  --port <number>    the port (default 8182; 0 takes a free one)
  --workers <number> how many processes answer (default: one a processor)
  --base-uri <url>   the public address, behind a proxy
  --cache-folder <path>  a folder for results
  --tls-cert <path>  the certificate, and --tls-key <path> its key: for https
  --access-log <path>    a file for a line for each answer; --no-access-log
  --config <path>    a file with options (default honeydew.config.js here)

  --options          lists all options, with their variables HONEYDEW_...
  --print-config     shows what the options are, and where each comes from
  --help             shows this text

A flag goes before a variable, a variable before the file. SIGHUP has it read
its options anew. Exit code: 0; 1 where it cannot serve, or had to cut off
requests at its end; 2 where options are wrong.
`

/** The command. */
export const command: Command = {
  usage,
  options: buildSpecs(),
  run: runServe,
}

function buildSpecs(): OptionSpecs {
  const specs = allOptions.flatMap(({ name, type }) => {
    const flag = formatFlag(name)
    const isSwitch = type.sign === ''
    return [
      [flag, { type: isSwitch ? 'boolean' : 'string' }] as const,
      ...(type.canBeOff ? [[`no-${flag}`, { type: 'boolean' }] as const] : []),
    ]
  })
  return Object.fromEntries([
    ...specs,
    ['options', { type: 'boolean' }] as const,
    ['print-config', { type: 'boolean' }] as const,
  ])
}

async function runServe(words: Words, io: Io): Promise<number> {
  if (words.has('options')) {
    const { listAllOptions } = await import('../server/print-options.js')
    io.out(listAllOptions())
    return 0
  }
  const given = { flags: readFlags(words), environment: process.env, folder: process.cwd() }
  const [{ OptionsError }, { StartError }] = await Promise.all([
    import('../server/options-error.js'),
    import('../server/cluster/worker-process.js'),
  ])
  try {
    return words.has('print-config') ? await print(given, io) : await start(given, io)
  } catch (error) {
    if (error instanceof OptionsError) throw new UsageError(error.problems)
    if (!(error instanceof StartError)) throw error
    if (error.exitCode === 2) throw new UsageError(error.lines)
    for (const line of error.lines) io.err(`${plain(line)}\n`)
    return error.exitCode
  }
}

async function print(given: Given, io: Io): Promise<number> {
  const [{ resolveOptions }, { printOptions }] = await Promise.all([
    import('../server/resolve.js'),
    import('../server/print-options.js'),
  ])
  const resolution = await resolveOptions(given)
  for (const warning of resolution.warnings) io.err(`${plain(warning)}\n`)
  io.out(printOptions(resolution))
  return 0
}

async function start(given: Given, io: Io): Promise<number> {
  const onSignal = listenToSignals()
  const { serve } = await import('../server/serve.js')
  const tell = (text: string): void => io.err(`${plain(text)}\n`)
  try {
    return await serve({ given, tell, onSignal, die })
  } finally {
    endSoon()
  }
}

function readFlags(words: Words): Record<string, string> {
  const [folder, ...others] = words.places
  const problems: string[] = []
  if (others.length > 0) problems.push(`Expected one folder but received ${words.places.length}`)
  if (folder !== undefined && words.has('folder'))
    problems.push('--folder: expected no other folder beside it')
  const flags = allOptions.flatMap(({ name, type }) => {
    const flag = formatFlag(name)
    const [isOn, isOff] = [words.has(flag), words.has(`no-${flag}`)]
    if (isOn && isOff) problems.push(`--${flag}: expected no --no-${flag} beside it`)
    if (isOff) return [[name, 'false'] as const]
    return isOn ? [[name, type.sign === '' ? 'true' : (words.text(flag) ?? '')] as const] : []
  })
  if (problems.length > 0) throw new UsageError(problems)
  return { ...(folder !== undefined && { folder }), ...Object.fromEntries(flags) }
}

/* A terminal and npm both hand on Ctrl-C. */
const samePressMs = 1000

const signalNames = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/* From now on, so that a signal is not lost that comes while the server begins; nor does a beginning that hangs, in the
   configuration file or behind it, keep anybody from ending it. */
function listenToSignals(): ServeContext['onSignal'] {
  const early: SignalName[] = []
  let endsAt = Infinity
  let hear = (name: SignalName): void => {
    early.push(name)
    if (name === 'SIGHUP') return
    if (performance.now() > endsAt) die()
    endsAt = Math.min(endsAt, performance.now() + samePressMs)
  }
  for (const name of signalNames) process.on(name, () => hear(name))
  return listener => {
    hear = listener
    for (const name of early) listener(name)
    return () => {
      hear = () => {}
    }
  }
}

/* An exit would wait for libvips, which cannot be stopped. */
function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

const patienceMs = 1000

/* What a configuration file has opened and nobody closes must not keep the program. */
function endSoon(): void {
  setTimeout(() => process.exit(), patienceMs).unref()
}
