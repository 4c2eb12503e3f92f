/* Asks for an image and holds all of it against what its parameters mean: status, media type, format, size, and what is
   where in it. What they mean is worked out by the arithmetic of protocol/; where the specification leaves rounding open,
   a pixel more or less is right. */
import { isIIIFError } from '../errors.js'
import { mediaTypes } from '../protocol/format.js'
import { type Box, type Dimensions, rotateDimensions } from '../protocol/geometry.js'
import { type ImageRequest, parseRequest } from '../protocol/request.js'
import { type ResolvedRequest, resolveRequest } from '../protocol/resolved.js'
import type { Reply } from './client.js'
import {
  type Coarse,
  coarsenImage,
  coarsenPart,
  compareCoarse,
  type Decoded,
  decodeImage,
  flattenCoarse,
  grayCoarse,
  type Reference,
  turnCoarse,
} from './reference.js'
import { type Finding, formatValue, unless } from './row.js'
import type { Subject } from './subject.js'

/** How far coarse pictures may be apart. */
const tolerance = 16
/** How much farther apart the colours of tiny parts may be. */
const tinyFactor = 2

/** What an image may be, beside what its parameters say. */
export interface Allowance {
  /** The size that it must have; otherwise worked out from the parameters. */
  readonly size?: Dimensions
}

/** Asks for an image and checks all of it. */
export async function verifyImage(
  subject: Subject,
  parameters: string,
  allowance: Allowance = {},
): Promise<Finding[]> {
  const wanted = tryResolve(subject, parameters)
  if ('came' in wanted) return [wanted]
  const reply = await subject.ask(`/${parameters}`)
  const asked = formatAsked(reply)
  const refused = requireSuccess(reply)
  if (refused.length > 0) return refused
  const type = mediaTypes[wanted.request.format]
  const decoded = await decodeImage(reply.body)
  const came = readType(reply)
  const findings = unless(came === type, asked, `Content-Type: ${came || 'none'}`, `Content-Type: ${type}`)
  if (!decoded) {
    return isDecodable(wanted.request.format)
      ? [...findings, { asked, came: `${reply.body.length} bytes that are no image`, expected: 'an image' }]
      : findings
  }
  return [
    ...findings,
    ...checkFormat(decoded, wanted.request, asked),
    ...checkSize(decoded, allowance.size ? { ...wanted, exact: allowance.size } : wanted, asked),
    ...(await checkContent(subject, decoded, wanted, asked)),
  ]
}

/** Checks that a request was answered with an image or a document. */
export function requireSuccess(reply: Reply): Finding[] {
  const isRight = reply.status === 200 && reply.failure === undefined
  return unless(isRight, formatAsked(reply), formatReply(reply), 'status 200')
}

/** Formats what was asked. */
export function formatAsked({ method, asked }: Reply): string {
  return `${method} ${asked}`
}

/** Formats what came: the status, and of an error the words. */
export function formatReply({ status, failure, body, headers }: Reply): string {
  if (failure !== undefined) return status === 0 ? failure : `status ${status}, and ${failure}`
  const isText = /^text\/|json/.test(headers['content-type'] ?? '')
  const words = isText && status >= 400 ? new TextDecoder().decode(body).replace(/\s+/g, ' ').trim() : ''
  return words ? `status ${status}: ${formatValue(words)}` : `status ${status}`
}

/** The media type of an answer, without parameters. */
export function readType({ headers }: Reply): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

interface Wanted {
  readonly request: ImageRequest
  readonly resolved: ResolvedRequest
  /** The size that must be met; otherwise each side may be a pixel off. */
  readonly exact?: Dimensions
  /** The size by our arithmetic. */
  readonly size: Dimensions
}

/** Works out what parameters mean for the image. @throws Error where a row asks for what cannot be. */
export function resolveParameters({ version, size, limits }: Subject, parameters: string): Wanted {
  const request = parseRequest(`/iiif/${version}/x/${parameters}`)
  if (request?.kind !== 'image') throw new Error(`no image request: ${parameters}`)
  const resolved = resolveRequest(request, { ...size, isGray: false }, limits)
  const rotated = rotateDimensions(resolved.size, resolved.rotation.degrees)
  return { request, resolved, size: rotated }
}

/* What info.json lists may be what its own limits forbid. */
function tryResolve(subject: Subject, parameters: string): Wanted | Finding {
  try {
    return resolveParameters(subject, parameters)
  } catch (error) {
    if (!isIIIFError(error)) throw error
    const asked = `GET ${subject.base}/${parameters}`
    return {
      asked,
      came: `what info.json itself rules out: ${error.message}`,
      expected: 'what can be asked for',
    }
  }
}

/** Whether parameters mean something for the image: a row may ask for what a small image, or a limit, does not allow. */
export function isPossible(subject: Subject, parameters: string): boolean {
  try {
    resolveParameters(subject, parameters)
    return true
  } catch (error) {
    if (isIIIFError(error)) return false
    throw error
  }
}

const formatNames: Readonly<Record<string, readonly string[]>> = {
  jpg: ['jpeg'],
  png: ['png'],
  webp: ['webp'],
  tif: ['tiff'],
  gif: ['gif'],
  avif: ['heif', 'avif'],
}

/* jp2 and pdf are beyond what sharp is built with. */
function isDecodable(format: string): boolean {
  return Object.hasOwn(formatNames, format)
}

function checkFormat({ format }: Decoded, request: ImageRequest, asked: string): Finding[] {
  const names = formatNames[request.format] ?? []
  return unless(names.includes(format), asked, `bytes in the format ${format}`, request.format)
}

function checkSize({ width, height }: Decoded, { request, size, exact }: Wanted, asked: string): Finding[] {
  const { kind } = request.size
  const isTilted = request.rotation.degrees % 90 !== 0
  const isSwapped = request.rotation.degrees % 180 === 90
  const slack = (isExact: boolean) => (isTilted ? 2 : exact || isExact ? 0 : 1)
  const isWidthExact = kind === 'exact' || kind === 'width'
  const isHeightExact = kind === 'exact' || kind === 'height'
  const target = exact ?? size
  const isRight =
    Math.abs(width - target.width) <= slack(isSwapped ? isHeightExact : isWidthExact) &&
    Math.abs(height - target.height) <= slack(isSwapped ? isWidthExact : isHeightExact)
  return unless(isRight, asked, `${width} × ${height} pixels`, `${target.width} × ${target.height} pixels`)
}

async function checkContent(
  subject: Subject,
  decoded: Decoded,
  { request, resolved }: Wanted,
  asked: string,
): Promise<Finding[]> {
  const { region, rotation, quality } = resolved
  const findings = checkQuality(decoded, quality, asked)
  const reference = await subject.reference()
  // What was turned by other angles has corners, and bitonal images have patterns of their own.
  if (!reference || rotation.degrees % 90 !== 0 || quality === 'bitonal') return findings
  const came = await coarsenImage(decoded)
  const boxes = request.region.kind === 'square' ? listSquares(subject.size) : [region]
  let apart = Infinity
  for (const box of boxes) {
    const part = await coarsenPart(reference, box, subject.size)
    const distance = part.isTiny
      ? compareLike(quality, flattenCoarse(part.picture), flattenCoarse(came)) / tinyFactor
      : compareLike(quality, turnCoarse(part.picture, rotation), came)
    apart = Math.min(apart, distance)
  }
  const where = `the same as in ${reference.parameters}, at ${Object.values(region).join(',')}`
  return [...findings, ...unless(apart <= tolerance, asked, describeApart(apart, reference), where)]
}

/* 4.1: where a square lies in the longer dimension is up to the server. */
function listSquares({ width, height }: Dimensions): Box[] {
  const side = Math.min(width, height)
  return [0, 0.25, 0.5, 0.75, 1].map(part => ({
    x: Math.round((width - side) * part),
    y: Math.round((height - side) * part),
    width: side,
    height: side,
  }))
}

function compareLike(quality: string, one: Coarse, two: Coarse): number {
  return quality === 'gray' ? compareCoarse(grayCoarse(one), grayCoarse(two)) : compareCoarse(one, two)
}

function describeApart(apart: number, { parameters }: Reference): string {
  return `another picture: ${apart.toFixed(0)} of 255 away from ${parameters}`
}

/** Colours of an encoder that halves their resolution are off by a little. */
const grayTolerance = 6
/** JPEG has no sharp edges. */
const bitonalTolerance = 64

function checkQuality({ data }: Decoded, quality: string, asked: string): Finding[] {
  if (quality !== 'gray' && quality !== 'bitonal') return []
  let coloured = 0
  let between = 0
  for (let at = 0; at + 2 < data.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3)
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > grayTolerance) coloured += 1
    if (green > bitonalTolerance && green < 255 - bitonalTolerance) between += 1
  }
  const pixels = data.length / 3
  return [
    ...unless(coloured <= pixels / 100, asked, `${coloured} pixels with a colour`, 'greys'),
    ...(quality === 'bitonal'
      ? unless(between <= pixels / 10, asked, `${between} pixels between black and white`, 'black and white')
      : []),
  ]
}
