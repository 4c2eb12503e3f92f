/* Fetches a whole resource into a spool. */
import type { IncomingMessage } from 'node:http'
import { addAbortSignal } from 'node:stream'
import { isIIIFError } from '../errors.js'
import { withDeadline } from './deadline.js'
import { buildChanged } from './failure.js'
import type { HttpClient } from './http-client.js'
import { buildStatusFailure, buildUnavailable } from './http-failure.js'
import type { HttpFacts } from './http-probe.js'
import { isEncoded, isPage } from './http-range.js'
import { isOther, readValidators } from './http-version.js'
import type { SaveFile } from './spool.js'
import type { SpoolWriter } from './spool-writer.js'

/**
 * Creates the function that fetches a resource of a known version.
 *
 * @param begun - an answer that is about to bring it
 */
export function createSave(client: HttpClient, facts: HttpFacts, begun?: IncomingMessage): SaveFile {
  let first = begun
  return async (writer, signal) => {
    const answer = first
    first = undefined
    const tryThis = (given: AbortSignal): Promise<boolean> => tryFirst(answer, writer, facts, given)
    if (await withDeadline(client.wholeMs, signal, tryThis)) return
    const ask = { isWhole: true } as const
    await client.ask(facts.target, ask, found => writeBody(found, writer, facts), signal)
  }
}

/* What breaks off in the middle is worth asking for again. */
async function tryFirst(
  answer: IncomingMessage | undefined,
  writer: SpoolWriter,
  facts: HttpFacts,
  signal: AbortSignal,
): Promise<boolean> {
  if (answer === undefined) return false
  try {
    await writeBody(addAbortSignal(signal, answer), writer, facts)
    return true
  } catch (error) {
    if (signal.aborted || isIIIFError(error)) throw error
    return false
  }
}

async function writeBody(answer: IncomingMessage, writer: SpoolWriter, facts: HttpFacts): Promise<void> {
  try {
    const failure = checkWhole(answer, facts)
    if (failure) throw failure
    await writer.restart(readValidators(answer).size)
    for await (const chunk of answer) await writer.write(chunk)
  } finally {
    answer.on('error', () => {})
    answer.destroy()
  }
}

function checkWhole(answer: IncomingMessage, { validators }: HttpFacts): Error | undefined {
  const { statusCode, headers } = answer
  if (statusCode === 404 || statusCode === 410) return buildChanged()
  if (statusCode !== 200) return buildStatusFailure(answer)
  if (isPage(answer)) return buildUnavailable(new Error('the server sent a page instead of an image'))
  if (isEncoded(answer)) return buildUnavailable(new Error('the server sent packed bytes'))
  if (isOther(validators, readValidators(answer))) return buildChanged()
  // Of a body that ends with its connection nobody knows whether it is whole.
  const hasEnd = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  return hasEnd ? undefined : buildUnavailable(new Error('the server does not tell where the body ends'))
}
