/* What nobody must learn who reads a log or a list of options: passwords in URLs, and the values of arguments that let
   somebody in. */

/* The names that signed URLs, the flow of IIIF, clouds and proxies use. */
const secretName =
  /token|secret|passw|signature|credential|api[_-]?key|^(?:sig|key|auth|code|jwt|session|state)$/i

// One name and one value: no two neighbours match the same character, so that the time grows with the length only.
const argument = /([?&;])([^=?&;#\s"]*)=([^&;#\s"]*)/g

const password = /^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*:)[^/?#]*@/i

/** Replaces what is secret in a URL, or in the path and query of a request, by `***`. */
export function maskSecrets(url: string): string {
  const plain = url.includes('://') ? url.replace(password, '$1***@') : url
  if (!plain.includes('=')) return plain
  return plain.replace(argument, (all, before: string, name: string) =>
    secretName.test(readName(name)) ? `${before}${name}=***` : all,
  )
}

/* A name may be written with escapes, and mean the same. */
function readName(name: string): string {
  try {
    return name.includes('%') ? decodeURIComponent(name) : name
  } catch {
    return name
  }
}
