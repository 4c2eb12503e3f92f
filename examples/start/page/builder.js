/* The builder of image URLs: reads the form, writes the URL, and shows what the URL asks for. */
import { readImage } from '/image-url.js'

/** Previews are no larger than this, in pixels: a picture of a hundred megapixels is not to be sent for one. */
const previewSide = 800

/** Browsers do not show these. */
const unseen = ['tif']

/**
 * Watches the form.
 *
 * @param {HTMLFormElement} form
 * @param {{ id: string, width: number, height: number }} info - of the image
 * @param {{ show: (region: object | undefined) => void }} region - the region on the picture
 */
export function watchBuilder(form, info, region) {
  const { elements } = form
  const [output, open, facts] = ['url', 'open', 'facts'].map(id => document.getElementById(id))
  const showPreview = createPreview()

  function update() {
    fitFields(elements)
    const { part, size, format, formatUrl } = readImage(elements, info)
    region.show(elements.region.value === 'part' ? part : undefined)
    output.textContent = formatUrl(size.text, format)
    open.href = output.textContent
    facts.textContent = `${size.width} × ${size.height} pixels`
    const isLarge = Math.max(size.width, size.height) > previewSide
    const asked = isLarge ? `!${previewSide},${previewSide}` : size.text
    showPreview(formatUrl(asked, unseen.includes(format) ? 'png' : format))
  }

  form.addEventListener('input', update)
  form.addEventListener('submit', event => event.preventDefault())
  update()
  return {
    /** Takes a region that was drawn. */
    take(part) {
      elements.region.value = 'part'
      for (const [name, value] of Object.entries(part)) elements[name].value = value
      update()
    },
  }
}

/* Only the fields that count can be filled in. */
function fitFields(elements) {
  document.getElementById('part').hidden = elements.region.value !== 'part'
  const shown = { width: ['w', 'fit'], height: ['h', 'fit'], percent: ['pct'] }
  for (const [name, forms] of Object.entries(shown)) {
    elements[name].parentElement.hidden = !forms.includes(elements.size.value)
  }
}

/* The preview follows when nothing was changed for a moment. */
function createPreview() {
  const [preview, trouble] = ['preview', 'trouble'].map(id => document.getElementById(id))
  let waiting = 0
  preview.addEventListener('load', () => {
    trouble.textContent = ''
    preview.hidden = false
  })
  preview.addEventListener('error', () => {
    preview.hidden = true
    trouble.textContent = 'The server does not make this image.'
  })
  return url => {
    clearTimeout(waiting)
    waiting = setTimeout(() => {
      if (preview.getAttribute('src') !== url) preview.src = url
    }, 300)
  }
}
