/* The program of a worker. What it is to do the first process tells it; signals of the system are for that one alone,
   although a terminal and systemd send them to all processes. */
import process from 'node:process'
import { ToolError } from '../../errors.js'
import { checkTogether } from '../check-places.js'
import { findHint } from '../hint.js'
import { OptionsError } from '../options-error.js'
import { resolveOptions } from '../resolve.js'
import { divideMachine } from '../service/share.js'
import { startWorker, type Worker } from '../worker.js'
import { createRemoteColleagues, type RemoteColleagues } from './ask.js'
import type { Answer, Question, ToPrimary, ToWorker } from './messages.js'

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})

const state: { worker?: Worker; colleagues?: RemoteColleagues } = {}

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'start':
      begin(message).catch(fail)
      break
    case 'question':
      void answer(message.question).then(given => send({ kind: 'answer', id: message.id, answer: given }))
      break
    case 'answers':
      state.colleagues?.take(message)
      break
    case 'reopen':
      void state.worker?.site().logs.reopen()
      break
    case 'drain':
      state.worker?.drain()
      break
    case 'stop':
      void end(message.boundMs)
      break
  }
})

send({ kind: 'hello' })

function send(message: ToPrimary, after: () => void = () => {}): void {
  // Without the first process there is nobody to tell; Node ends this one by itself then.
  if (process.connected) process.send?.(message, undefined, undefined, after)
}

async function begin({ given, worker: number }: Extract<ToWorker, { kind: 'start' }>): Promise<void> {
  const resolution = await resolveOptions({ ...given, environment: process.env })
  // Again: by SIGHUP, and after a crash, it is the worker that reads them.
  await checkTogether(resolution)
  const isLead = number === 1
  const colleagues = createRemoteColleagues(send, isLead)
  state.colleagues = colleagues
  const worker = await startWorker(resolution, { worker: number, isLead, colleagues })
  state.worker = worker
  const { settings } = resolution
  const { shutdownSeconds, shutdownDelaySeconds, folder } = settings
  const { workers } = divideMachine(settings)
  send({ kind: 'ready', facts: { port: worker.port, workers, shutdownSeconds, shutdownDelaySeconds } })
  const hint = isLead && folder !== undefined ? await findHint(folder) : undefined
  if (hint !== undefined) send({ kind: 'notice', text: hint })
}

function fail(error: unknown): void {
  const isWrong = error instanceof OptionsError
  const lines = isWrong ? error.problems : [explain(error)]
  send({ kind: 'failed', exitCode: isWrong ? 2 : 1, lines }, () => process.exit(1))
}

function explain(error: unknown): string {
  if (error instanceof ToolError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

async function answer(question: Question): Promise<Answer> {
  const site = state.worker?.site()
  try {
    if (question.what === 'purge') {
      await site?.purge(question.target)
      return { done: true }
    }
    if (!site) return { error: 'not yet' }
    if (question.what === 'report') return { report: site.report() }
    return { reply: await site.answerForOthers(question.request) }
  } catch (error) {
    return { error: String(error) }
  }
}

async function end(boundMs: number): Promise<void> {
  const cut = (await state.worker?.stop(boundMs)) ?? 0
  send({ kind: 'stopped', cut }, () => process.exit(0))
}
