/* Image API 1.1: each of its requests is led to the request of version 2 that asks for the same, so that addresses which
   were given out before 2014 still show an image. The two differ in the names of qualities, and in that a format may be
   left out (Image API 1.1 section 4, 2.0 change log). */

import type { HttpReply, HttpRequest } from '../contracts.js'
import type { PublicBase } from '../http/base-uri.js'
import { splitQuery } from '../http/query.js'
import { buildRedirect } from '../http/replies.js'
import { parseMatch } from '../protocol/request.js'
import { answerError } from './answer.js'
import { answerCounted, answerOtherMethod } from './answer-counted.js'
import type { Desk } from './desk.js'
import type { Trace } from './report.js'

/** Answers a request; `undefined` when its path is not under the prefix of version 1. Never rejects. */
export type HandleVersion1 = (http: HttpRequest) => Promise<HttpReply> | undefined

const qualities: Readonly<Record<string, string>> = { native: 'default', grey: 'gray' }

/** Creates the function that redirects; `undefined` where nothing is to be redirected. */
export function createVersion1Handle(
  desk: Desk,
  resolveBase: (http: HttpRequest) => PublicBase,
): HandleVersion1 | undefined {
  const { settings } = desk
  const { version1Prefix, parse, publicPrefixes } = settings
  if (version1Prefix === false || parse.prefixes[2] === false) return undefined

  const redirect = (http: HttpRequest, rest: string, query: string): HttpReply => {
    const parts = translateParts(rest.split('/'))
    const request = parseMatch({ version: 2, rest: parts.join('/') }, parse)
    const { origin, path, forwardedIdentifier } = resolveBase(http)
    const identifier = forwardedIdentifier ?? request.encodedIdentifier
    const parameters =
      request.kind === 'image' ? parts.slice(-4) : request.kind === 'info' ? ['info.json'] : []
    const location = [`${origin}${path}${publicPrefixes[2]}`, identifier, ...parameters].join('/')
    return buildRedirect(301, location + query, settings.cacheControl.decide({ status: 301, request }))
  }
  const answer = (http: HttpRequest, rest: string, query: string, trace?: Trace): HttpReply => {
    const other = answerOtherMethod(http, desk, trace)
    if (other) return other
    try {
      return redirect(http, rest, query)
    } catch (error) {
      return answerError(error, http, settings, { trace })
    }
  }
  return http => {
    const { path, query } = splitQuery(http.url)
    if (!path.startsWith(`${version1Prefix}/`)) return undefined
    const rest = path.slice(version1Prefix.length + 1)
    return answerCounted(http, desk, trace => answer(http, rest, query, trace))
  }
}

/* The last segment of an image request: `native` or `native.jpg`. */
function translateParts(parts: readonly string[]): readonly string[] {
  const last = parts.at(-1) ?? ''
  if (parts.length < 5 || last === '' || last === 'info.json') return parts
  const dot = last.lastIndexOf('.')
  const quality = dot === -1 ? last : last.slice(0, dot)
  const format = dot === -1 ? 'jpg' : last.slice(dot + 1)
  return [...parts.slice(0, -1), `${qualities[quality] ?? quality}.${format}`]
}
