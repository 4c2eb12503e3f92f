/* What the first process and its workers say to one another. */
import type { HttpReply } from '../../contracts.js'
import type { ProcessReport } from '../../operations/index.js'
import type { PurgeTarget } from '../../service/upkeep.js'
import type { PlainRequest } from '../colleagues.js'
import type { Given } from '../resolve.js'

/** What one worker asks others. */
export type Question =
  | { readonly what: 'report' }
  | { readonly what: 'purge'; readonly target: PurgeTarget }
  | { readonly what: 'tasks'; readonly request: PlainRequest }

/** What a worker answers; an error is told by its message. */
export type Answer =
  | { readonly report: ProcessReport }
  | { readonly reply: HttpReply | undefined }
  | { readonly done: true }
  | { readonly error: string }

/** What the first process must know of the options of a worker. */
export interface WorkerFacts {
  /** The port that the worker listens on. */
  readonly port: number
  /** How many workers there are to be. */
  readonly workers: number
  /** For how long requests may take to come to their end, in seconds. */
  readonly shutdownSeconds: number
  /** For how long the server is not ready before it stops to accept, in seconds. */
  readonly shutdownDelaySeconds: number
}

/** What the first process says. */
export type ToWorker =
  /** Begin: with these options, as this one. */
  | { readonly kind: 'start'; readonly given: Omit<Given, 'environment'>; readonly worker: number }
  /** Answer a colleague. */
  | { readonly kind: 'question'; readonly id: number; readonly question: Question }
  /** What colleagues have answered; those that did not in time are left out. */
  | {
      readonly kind: 'answers'
      readonly id: number
      readonly answers: readonly Answer[]
      readonly asked: number
    }
  /** Open the logs anew. */
  | { readonly kind: 'reopen' }
  /** Say that you are not ready. */
  | { readonly kind: 'drain' }
  /** Come to an end. */
  | { readonly kind: 'stop'; readonly boundMs: number }

/** What a worker says. */
export type ToPrimary =
  /** It listens: what was said to it before, nobody has heard. */
  | { readonly kind: 'hello' }
  /** It answers requests. */
  | { readonly kind: 'ready'; readonly facts: WorkerFacts }
  /** It cannot begin, and why, in lines for who started it. */
  | { readonly kind: 'failed'; readonly exitCode: 1 | 2; readonly lines: readonly string[] }
  /** Ask my colleagues. */
  | {
      readonly kind: 'ask'
      readonly id: number
      readonly to: 'others' | 'lead'
      readonly question: Question
      readonly boundMs: number
    }
  /** What a colleague has asked for. */
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  /** Something for who started the server. */
  | { readonly kind: 'notice'; readonly text: string }
  /** It has come to an end, and has cut off so many requests. */
  | { readonly kind: 'stopped'; readonly cut: number }
