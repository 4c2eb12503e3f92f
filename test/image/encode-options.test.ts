import { describe, expect, it } from 'vitest'
import { planEncoding } from '../../src/image/encode.js'
import { type EncodeOptions, resolveEncodeOptions } from '../../src/image/encode-options.js'

describe('encode options', () => {
  it('are complete without any', () => {
    expect(resolveEncodeOptions()).toEqual({
      jpg: { quality: 85, progressive: false, chromaSubsampling: '4:2:0', optimiseCoding: false },
      png: { compressionLevel: 3 },
      webp: { quality: 80, effort: 2, lossless: false },
      tif: { compression: 'lzw' },
      gif: { effort: 3 },
      avif: { quality: 50, effort: 2 },
      background: { r: 255, g: 255, b: 255 },
      kernel: 'lanczos3',
      storedFormats: ['jpg', 'webp'],
      sendSource: true,
    })
  })

  it('keep what is given, and leave the given object alone', () => {
    const given: EncodeOptions = Object.freeze({ jpg: Object.freeze({ quality: 60 }), background: '#1a2B3c' })
    const options = resolveEncodeOptions(given)
    expect(options.jpg).toMatchObject({ quality: 60, progressive: false })
    expect(options.background).toEqual({ r: 0x1a, g: 0x2b, b: 0x3c })
    expect(resolveEncodeOptions({ background: '#f09' }).background).toEqual({ r: 255, g: 0, b: 153 })
    expect(
      Object.isFrozen(options) && Object.isFrozen(options.jpg) && Object.isFrozen(options.background),
    ).toBe(true)
  })

  it.each<[unknown, string]>([
    [{ jpg: { quality: 0 } }, 'encode.jpg.quality: expected a whole number from 1 to 100 but received 0'],
    [{ jpg: { quality: 80.5 } }, 'encode.jpg.quality'],
    [{ jpg: { quality: '80' } }, 'received "80"'],
    [{ jpg: { chromaSubsampling: '4:2:2' } }, 'encode.jpg.chromaSubsampling: expected one of 4:2:0, 4:4:4'],
    [{ jpg: { progressive: 1 } }, 'encode.jpg.progressive: expected true or false'],
    [{ jpg: { mozjpeg: true } }, 'encode.jpg.mozjpeg: there is no such option'],
    [{ jpeg: {} }, 'encode.jpeg: there is no such option'],
    [{ jpg: null }, 'encode.jpg: expected an object but received null'],
    [{ png: { compressionLevel: 10 } }, 'encode.png.compressionLevel'],
    [{ webp: { effort: 7 } }, 'encode.webp.effort'],
    [{ tif: { compression: 'jpeg' } }, 'encode.tif.compression'],
    [{ avif: { effort: -1 } }, 'encode.avif.effort'],
    [{ background: 'white' }, 'encode.background: expected a colour'],
    [{ background: '#12345' }, 'encode.background'],
    [{ kernel: 'box' }, 'encode.kernel'],
    ['fast', 'encode: expected an object'],
  ])('%j are refused by name', (options, message) => {
    const resolve = () => resolveEncodeOptions(options as EncodeOptions)
    expect(resolve).toThrow(TypeError)
    expect(resolve).toThrow(message)
  })

  it('reach the encoder of their format, which is told to lose nothing of black and white', () => {
    const options = resolveEncodeOptions({ webp: { quality: 33 }, png: { compressionLevel: 9 } })
    expect(planEncoding('webp', false, options)).toEqual({
      format: 'webp',
      quality: 33,
      effort: 2,
      lossless: false,
    })
    expect(planEncoding('webp', true, options)).toMatchObject({ lossless: true })
    expect(planEncoding('avif', true, options)).toMatchObject({ lossless: true })
    expect(planEncoding('png', true, options)).toEqual({ format: 'png', bilevel: true, compressionLevel: 9 })
    expect(planEncoding('gif', false, options)).toEqual({ format: 'gif', effort: 3 })
  })
})
