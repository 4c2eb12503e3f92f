/* A request on its way to an answer, and what is remembered of it for the next time. */

import type { HttpRequest } from '../contracts.js'
import type { PublicBase } from '../http/base-uri.js'
import type { ReplyHead } from '../http/replies.js'
import type { PreparedRequest } from '../process.js'
import type { IIIFRequest } from '../protocol/request.js'
import type { Asked } from './asked.js'
import type { Trace } from './report.js'

/** A request that was parsed before, and what was worked out for its answer. */
export interface RememberedRequest {
  /** The request. */
  readonly request: IIIFRequest
  /** What was worked out for an image. */
  image?: KnownImage
  /** What was worked out for an info.json. */
  info?: KnownInfo
}

/** An image request that was prepared before, and what it was prepared for. */
export interface KnownImage {
  /** The version of the source. */
  readonly version: string
  /** The address of the image as the client knows it. */
  readonly uri: string
  /** What is to be made. */
  readonly prepared: PreparedRequest
  /** The name of the result: everything that its bytes depend on, but the version of the source. */
  readonly name: string
  /** What is told about the result. */
  readonly head: ReplyHead
}

/** An info.json that was built before, and what it was built for. */
export interface KnownInfo {
  /** The version of the source. */
  readonly version: string
  /** The address of the image as the client knows it. */
  readonly uri: string
  /** The Accept header. */
  readonly accept: string | undefined
  /** What is told about the document. */
  readonly head: ReplyHead
  /** The document: as text, because Node sends text and headers in one piece. */
  readonly body: string
  /** Its length in bytes. */
  readonly size: number
}

/** A request of one kind, and what belongs to answering it. */
export interface Exchange<Request extends IIIFRequest = IIIFRequest> {
  /** The request as it came. */
  readonly http: HttpRequest
  /** What it was understood as. */
  readonly request: Request
  /** The address of the image as the client knows it. */
  readonly uri: string
  /** Where the client believes itself to be. */
  readonly base: PublicBase
  /** Who asks, as far as it can be told: an address. */
  readonly client: string
  /** What is remembered of it. */
  readonly memory: RememberedRequest
  /** What the answer depends on beside the URL and the image; none where it depends on nothing else. */
  readonly asked?: Asked
  /** What is gathered for a report. */
  readonly trace: Trace | undefined
}
