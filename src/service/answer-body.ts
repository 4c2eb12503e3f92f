/* The bodies of images on their way into a reply: whole, in part, or piece by piece. */
import type { HttpReply, HttpRequest } from '../contracts.js'
import { type ByteRange, resolveRange } from '../http/range.js'
import { buildNotSatisfiable, buildPartial, buildSuccess, type ReplyHead } from '../http/replies.js'
import type { Obtained } from './obtain.js'
import { cutInPieces, smallBodyBytes, watchSending } from './sending.js'
import type { ServiceSettings } from './settings.js'

/** Builds the reply with bytes that are at hand. */
export function buildWhole(http: HttpRequest, head: ReplyHead, body: Uint8Array): HttpReply {
  const size = body.byteLength
  // Its bytes depend on settings too, so that only the ETag can tell whether they are the same.
  const { etag } = head
  const range = http.headers.range === undefined ? undefined : resolveRange(http.headers, size, { etag })
  if (range === undefined) return buildSuccess(head, body, size)
  if (range === 'unsatisfiable') return buildNotSatisfiable(head, size)
  return buildPartial(head, body.subarray(range.start, range.end), range, size)
}

/** Builds the reply with an image that was made or comes piece by piece. */
export function buildObtained(
  http: HttpRequest,
  head: ReplyHead,
  { result, release }: Obtained,
  { schedule }: ServiceSettings,
): HttpReply {
  const { body, size } = result
  const { sendMs } = schedule.timeouts
  if (!(body instanceof Uint8Array)) {
    return buildSuccess(head, watchSending(body, { sendMs, onEnd: release }), size)
  }
  const reply = buildWhole(http, head, body)
  if (reply.body instanceof Uint8Array && reply.body.byteLength > smallBodyBytes) {
    return { ...reply, body: watchSending(cutInPieces(reply.body), { sendMs, onEnd: release }) }
  }
  release()
  return reply
}

/** Tells what part of a source is asked for, which is sent as it is; `undefined` for all of it. */
export function readSourceRange(
  http: HttpRequest,
  head: ReplyHead,
  size: number | undefined,
): ByteRange | 'unsatisfiable' | undefined {
  return size === undefined || http.headers.range === undefined
    ? undefined
    : resolveRange(http.headers, size, head)
}
