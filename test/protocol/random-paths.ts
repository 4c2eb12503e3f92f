// An endless source of hostile paths: random bytes, and valid paths with a few characters changed. Same seed, same paths.

const validPaths = [
  '/iiif/3/ark:%2F12025%2F654xz321/info.json',
  '/iiif/3/b%C3%A4r/full/max/0/default.jpg',
  '/iiif/3/id/pct:41.6,7.5,66.6,100/^!300,200/!22.5/gray.png',
  '/iiif/3/id/125,15,120,140/90,/345/bitonal.webp',
  '/iiif/2/id/square/full/270/color.tif',
  '/iiif/2/id/0,0,10,10/pct:50/90/default.gif',
  '/iiif/2/a%252Fb/',
  '/iiif/3/id',
]

const pieces = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  ...[
    '%',
    '%2F',
    '%25',
    '%00',
    '%ff',
    '%C3',
    '%zz',
    '/',
    '//',
    '..',
    '?',
    '#',
    '\ud83c',
    'ä',
    '🍯',
    '\u2028',
  ],
  ...[
    '!',
    '^',
    'pct:',
    ',',
    '.',
    '1e3',
    'NaN',
    'Infinity',
    '-1',
    '0',
    '9'.repeat(20),
    '__proto__',
    'info.json',
  ],
]

export function createPathSource(seed: number): () => string {
  let state = seed
  // A linear congruential generator is random enough to pick characters.
  const below = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
  const pick = (list: readonly string[]): string => list[below(list.length)] ?? ''
  const noise = (length: number): string => Array.from({ length }, () => pick(pieces)).join('')

  const mutate = (path: string): string => {
    let mutated = path
    for (let edits = below(4); edits > 0; edits -= 1) {
      const at = below(mutated.length + 1)
      mutated = mutated.slice(0, at) + noise(below(2)) + mutated.slice(at + below(3))
    }
    return mutated
  }

  return () => {
    const kind = below(10)
    if (kind === 0) return noise(below(40))
    return kind === 1 ? `/iiif/3/${noise(below(40))}` : mutate(pick(validPaths))
  }
}
