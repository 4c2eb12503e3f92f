/* Identifiers as names of files below a folder: which are well formed, and which are refused before any I/O
   (Image API 3.0 section 9: the identifier arrives decoded, exactly once). */
import { sep } from 'node:path'
import { BadRequestError } from '../errors.js'

const maxSegmentBytes = 255
const maxIdentifierBytes = 4096

/* Control characters, halves of surrogate pairs (no file name has them) and the other platform's separator. */
const forbidden = /[\p{Cc}\p{Cs}\\]/u
const drive = /^[A-Za-z]:(?:\/|$)/
/* What Windows reads as something else than the name of a file: streams, wildcards, trimmed ends, devices. */
const windowsForbidden = /[<>:"|?*]|[ .]$/
const windowsDevice = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i

/**
 * Reads an identifier as the names on the way to a file.
 *
 * @param windows - whether names that only Windows misreads are refused too.
 * @throws {@link BadRequestError} when the identifier cannot be a relative path without detours.
 */
export function parseSegments(identifier: string, windows: boolean = sep === '\\'): readonly string[] {
  if (identifier === '') throw refuse('is empty; expected a name')
  if (Buffer.byteLength(identifier) > maxIdentifierBytes)
    throw refuse(`is too long; expected at most ${maxIdentifierBytes} bytes`)
  if (forbidden.test(identifier))
    throw refuse('has a control character or a backslash; expected names and slashes')
  if (identifier.startsWith('/') || drive.test(identifier))
    throw refuse('is an absolute path; expected one without a leading slash or drive')
  const segments = identifier.split('/')
  for (const segment of segments) checkSegment(segment, windows)
  return segments
}

/** Whether a name is hidden by the custom of Unix. */
export function isHidden(segment: string): boolean {
  return segment.startsWith('.')
}

function checkSegment(segment: string, windows: boolean): void {
  if (segment === '' || segment === '.' || segment === '..')
    throw refuse('has an empty, "." or ".." segment; expected names between single slashes')
  if (Buffer.byteLength(segment) > maxSegmentBytes)
    throw refuse(`has a segment that is too long; expected at most ${maxSegmentBytes} bytes`)
  if (windows && (windowsForbidden.test(segment) || windowsDevice.test(segment)))
    throw refuse('has a name that is reserved on this system; expected the name of a file')
}

/* The identifier itself stays out of the message: it may be long, or made to deceive who reads a log. */
function refuse(finding: string): BadRequestError {
  return new BadRequestError('invalid-identifier', `The identifier ${finding}.`)
}
