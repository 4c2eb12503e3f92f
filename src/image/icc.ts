/* As much of an ICC profile as decides whether it has to be applied (ICC.1 sections 7.3 and 9.2). */

const descriptionTag = 0x64657363 // 'desc'
const unicodeType = 0x6d6c7563 // 'mluc'
const tagTable = 128

// Nothing but these: there are linear profiles that say that they are related to sRGB.
const names: readonly string[] = ['sRGB', 'sRGB IEC61966-2.1', 'sRGB IEC61966-2-1', 'sRGB built-in']

/** Whether a profile calls itself sRGB: what everybody takes for granted where there is none. */
export function isSrgb(profile: Uint8Array): boolean {
  return names.includes(readProfileName(profile) ?? '')
}

/** The name that a profile gives itself. */
export function readProfileName(profile: Uint8Array): string | undefined {
  return readName(profile)?.replace(/\0.*$/s, '').trim()
}

/* The first of its names. */
function readName(profile: Uint8Array): string | undefined {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength)
  if (view.byteLength < tagTable + 4) return undefined
  const count = Math.min(view.getUint32(tagTable), 100)
  for (
    let entry = tagTable + 4;
    entry + 12 <= Math.min(tagTable + 4 + count * 12, view.byteLength);
    entry += 12
  ) {
    if (view.getUint32(entry) !== descriptionTag) continue
    const start = view.getUint32(entry + 4)
    const length = view.getUint32(entry + 8)
    if (length < 28 || start + length > view.byteLength) return undefined
    return readText(profile.subarray(start, start + length))
  }
  return undefined
}

function readText(tag: Uint8Array): string {
  const view = new DataView(tag.buffer, tag.byteOffset, tag.byteLength)
  // Version 2 writes ASCII behind its length; version 4 a table of languages, and UTF-16 where the first of them says.
  if (view.getUint32(0) !== unicodeType) return new TextDecoder('latin1').decode(tag.subarray(12, 12 + 64))
  const start = view.getUint32(24)
  return new TextDecoder('utf-16be').decode(tag.subarray(start, start + 128))
}
