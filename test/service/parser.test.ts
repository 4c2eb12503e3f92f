import { describe, expect, it } from 'vitest'
import { createParser } from '../../src/service/parser.js'

const prefixes = { 2: '/iiif/2', 3: '/iiif/3' } as const

function parse(parser: ReturnType<typeof createParser>, url: string) {
  return parser.recall(url) ?? parser.parse(url, parser.match(url)!)
}

const urlOf = (name: string): string => `/iiif/3/${name}/full/max/0/default.jpg`

describe('a parser', () => {
  it('remembers what it has seen twice, and what hangs on it', () => {
    const parser = createParser({ prefixes })
    const first = parse(parser, urlOf('a'))
    expect(parser.recall(urlOf('a'))).toBeUndefined()
    const second = parse(parser, urlOf('a'))
    expect(second).not.toBe(first)
    expect(parser.recall(urlOf('a'))).toBe(second)
    expect(second.request).toEqual(first.request)
  })

  it('keeps URLs apart that differ in anything', () => {
    const parser = createParser({ prefixes })
    const urls = [
      urlOf('a'),
      urlOf('b'),
      urlOf('A'),
      `${urlOf('a')}?x`,
      urlOf('a').replace('3', '2'),
      urlOf('%61'),
    ]
    for (const url of [...urls, ...urls]) parse(parser, url)
    const all = urls.map(url => parser.recall(url)?.request)
    for (const [index, request] of all.entries()) {
      const fresh = createParser({ prefixes })
      expect(request ?? parse(parser, urls[index]!).request).toEqual(parse(fresh, urls[index]!).request)
    }
  })

  it('remembers no more than a thousand, and those that were asked for last', () => {
    const parser = createParser({ prefixes })
    for (let index = 0; index < 5000; index += 1) {
      const url = urlOf(`image-${index}`)
      parse(parser, url)
      parse(parser, url)
    }
    const remembered = Array.from({ length: 5000 }, (_, index) => index).filter(
      index => parser.recall(urlOf(`image-${index}`)) !== undefined,
    )
    expect(remembered).toHaveLength(1000)
    expect(remembered[0]).toBe(4000)
  })

  it('remembers no URL that no viewer sends', () => {
    const parser = createParser({ prefixes })
    const url = urlOf('x'.repeat(1100))
    for (let time = 0; time < 3; time += 1) parse(parser, url)
    expect(parser.recall(url)).toBeUndefined()
  })

  it('does not remember what cannot be parsed', () => {
    const parser = createParser({ prefixes })
    const url = '/iiif/3/a/full/max/0/default.nothing'
    for (let time = 0; time < 3; time += 1) expect(() => parse(parser, url)).toThrow()
    expect(parser.recall(url)).toBeUndefined()
  })

  it('knows what lies under no prefix', () => {
    expect(createParser({ prefixes }).match('/elsewhere')).toBeUndefined()
  })
})
