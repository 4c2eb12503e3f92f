/* Programs that call the service, as those see them who are asked about images: nobody in particular, without a request. */
import type { Question } from '../access/gate.js'
import type { Variant } from '../access/variant.js'
import type { ImageRequest, InfoRequest } from '../protocol/request.js'
import type { ImageApiVersion } from '../protocol/version.js'

/** The programs that call the service are one client. */
export const programClient = 'program'

/** What a program asks about an image, or for an image of it. */
export function createProgramQuestion(
  variant: Variant,
  version: ImageApiVersion,
  request?: ImageRequest,
): Question {
  const { identifier } = variant
  const encodedIdentifier = encodeURIComponent(identifier)
  const info: InfoRequest = { kind: 'info', version, identifier, encodedIdentifier }
  return {
    facts: {
      method: 'GET',
      url: '',
      headers: {},
      cookies: {},
      clientAddress: undefined,
      isSecure: true,
      native: undefined,
      signal: undefined,
    },
    user: undefined,
    request: request ?? info,
    variant,
    isProbe: false,
  }
}
