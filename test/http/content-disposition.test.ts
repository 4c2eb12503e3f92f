import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildContentDisposition } from '../../src/http/content-disposition.js'

const name = 'cats_full_max.jpg'
const fallback = `inline; filename="${name}"`

describe('buildContentDisposition', () => {
  it.each<[asked: string | undefined, written: string]>([
    [undefined, fallback],
    ['', fallback],
    ['inline', fallback],
    ['attachment', `attachment; filename="${name}"`],
    ['ATTACHMENT', `attachment; filename="${name}"`],
    ['inline; filename="x.jpg"', 'inline; filename="x.jpg"'],
    ['attachment;filename=x.jpg', 'attachment; filename="x.jpg"'],
    ['attachment; FileName = "a b.png" ; x=y', 'attachment; filename="a b.png"'],
    ["attachment; filename*=UTF-8''%C3%BC.jpg", `attachment; filename="u.jpg"; filename*=UTF-8''%C3%BC.jpg`],
    ["attachment; filename*=utf-8'de'ü.jpg", `attachment; filename="u.jpg"; filename*=UTF-8''%C3%BC.jpg`],
    [
      `attachment; filename="x.jpg"; filename*=UTF-8''%E6%97%A5.jpg`,
      `attachment; filename="_.jpg"; filename*=UTF-8''%E6%97%A5.jpg`,
    ],
    [`attachment; filename="x.jpg"; filename*=UTF-8''%zz.jpg`, 'attachment; filename="x.jpg"'],
    [`attachment; filename="x.jpg"; filename*=latin1''%FC.jpg`, 'attachment; filename="x.jpg"'],
    ["attachment; filename*=UTF-8''%00%0D%0A.jpg", 'attachment; filename="jpg.jpg"'],
    [
      "attachment; filename*=UTF-8''it's(1)*%25.jpg",
      `attachment; filename="it's(1)__.jpg"; filename*=UTF-8''it%27s%281%29_%25.jpg`,
    ],
    ['attachment; filename="../../etc/passwd"', 'attachment; filename="_.._etc_passwd.jpg"'],
    ['attachment; filename="C:\\\\Windows\\\\x.jpg"', 'attachment; filename="C__Windows_x.jpg"'],
    ['attachment; filename="/etc/x.jpg"', 'attachment; filename="_etc_x.jpg"'],
    ["attachment; filename*=UTF-8''%2e%2e%2fx.jpg", 'attachment; filename="_x.jpg"'],
    [
      'attachment; filename="a／b＂.jpg"',
      `attachment; filename="a_b_.jpg"; filename*=UTF-8''a%EF%BC%8Fb%EF%BC%82.jpg`,
    ],
    ['attachment; filename="x.exe"', 'attachment; filename="x.exe.jpg"'],
    ['attachment; filename="photo"', 'attachment; filename="photo.jpg"'],
    ['attachment; filename="PHOTO.JPEG"', 'attachment; filename="PHOTO.JPEG"'],
    ['attachment; filename="x.html."', 'attachment; filename="x.html.jpg"'],
    ['attachment; filename="a\\"b.jpg"', 'attachment; filename="a_b.jpg"'],
    ['attachment; filename="a\r\nSet-Cookie: x.jpg"', 'attachment; filename="aSet-Cookie_ x.jpg"'],
    ['attachment; filename="\u202egpj.exe"', 'attachment; filename="gpj.exe.jpg"'],
    ['attachment; filename="\ud800.jpg"', 'attachment; filename="jpg.jpg"'],
    ['attachment; filename="..."', `attachment; filename="${name}"`],
    ['attachment; filename=""', `attachment; filename="${name}"`],
    ['attachment; filename="x', `attachment; filename="${name}"`],
    ['attachment; filename', `attachment; filename="${name}"`],
    ['form-data; name="x"; filename="y.jpg"', fallback],
    ['inline\r\nX: y', fallback],
    ['attachment, inline', fallback],
    [`attachment; filename="${'x'.repeat(3000)}"`, fallback],
  ])('%j is written as %s', (asked, written) => {
    expect(buildContentDisposition(asked, name)).toBe(written)
  })

  it('bounds the length and keeps the extension', () => {
    expect(buildContentDisposition(`inline; filename="${'x'.repeat(500)}.jpeg"`, name)).toBe(
      `inline; filename="${'x'.repeat(115)}.jpeg"`,
    )
    expect(buildContentDisposition(undefined, `${'😀'.repeat(500)}.png`)).toContain(
      `${'%F0%9F%98%80'.repeat(116)}.png`,
    )
  })

  it('cleans the default name too', () => {
    expect(buildContentDisposition(undefined, 'ark:/1/ü_full.jpg')).toBe(
      `inline; filename="ark__1_u_full.jpg"; filename*=UTF-8''ark__1_%C3%BC_full.jpg`,
    )
    expect(buildContentDisposition(undefined, '')).toBe('inline; filename="image"')
    expect(buildContentDisposition('attachment; filename="x.exe"', 'noextension')).toBe(
      'attachment; filename="x.exe"',
    )
  })

  it('writes one well-formed header whatever is asked', () => {
    const asked = fc
      .tuple(
        fc.constantFrom(
          'inline',
          'attachment; filename=',
          'attachment; filename="',
          "inline; filename*=UTF-8''",
        ),
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom(...'a"\\/;=%.\'ü \r\n\ud800／') }),
        ),
        fc.constantFrom('', '"'),
      )
      .map(parts => parts.join(''))
    fc.assert(
      fc.property(asked, fc.string({ unit: 'binary' }), (value, filename) => {
        const header = buildContentDisposition(value, filename)
        expect(header).toMatch(/^[\x20-\x7e]+$/)
        expect(header).toMatch(
          /^(?:inline|attachment); filename="[^"\\/%]+"(?:; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]+)?$/,
        )
      }),
      { numRuns: 1000 },
    )
  })
})
