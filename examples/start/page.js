/* The two pages, as text: the list of images and the viewer. What comes from outside is put in through `html`, which
   escapes it; there is no script and no style in the text, so that the strictest Content-Security-Policy fits. */

/** @typedef {{ readonly markup: string }} Markup */
/** @typedef {string | number | Markup | Markup[]} Content */

/** @type {Readonly<Record<string, string>>} */
const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/**
 * @param {TemplateStringsArray} strings
 * @param {Content[]} values
 * @returns {Markup}
 */
function html(strings, ...values) {
  return { markup: String.raw({ raw: strings }, ...values.map(formatContent)) }
}

/**
 * @param {Content} content
 * @returns {string}
 */
function formatContent(content) {
  if (Array.isArray(content)) return content.map(formatContent).join('')
  if (typeof content === 'object') return content.markup
  return String(content).replace(/[&<>"']/g, character => entities[character] ?? '')
}

/**
 * The page that lists the images.
 *
 * @param {readonly string[]} identifiers
 * @param {boolean} more - whether there are images that the list leaves out
 * @returns {string}
 */
export function listPage(identifiers, more) {
  const note = more
    ? html`<p class="note">The first ${identifiers.length} images of the folder are shown.</p>`
    : ''
  return page(
    'honeydew',
    html`<header class="masthead">
  <h1>honeydew</h1>
  <p>A IIIF image server. Open an image to look at it closely.</p>
</header>
<main>
  <ul class="images">${identifiers.map(listItem)}
  </ul>
  ${note}
</main>`,
  )
}

/** @param {string} identifier */
function listItem(identifier) {
  const { folder, name } = splitPath(identifier)
  const segment = encodeURIComponent(identifier)
  return html`
    <li>
      <a href="/view/${segment}">
        <img src="/iiif/3/${segment}/full/!300,300/0/default.jpg" alt="" loading="lazy" decoding="async">
        <span class="name">${name}</span>${folder ? html` <span class="folder">${folder}</span>` : ''}
      </a>
    </li>`
}

/**
 * The page that shows one image.
 *
 * @param {string} identifier
 * @returns {string}
 */
export function viewerPage(identifier) {
  const { name } = splitPath(identifier)
  const [third, second] = [3, 2].map(
    version => `/iiif/${version}/${encodeURIComponent(identifier)}/info.json`,
  )
  return page(
    `${name} · honeydew`,
    html`<div class="viewer">
  <header>
    <a href="/" class="back">All images</a>
    <h1>${name}</h1>
  </header>
  <main id="viewer" aria-label="${name}, an image to zoom into" aria-live="polite" data-info="${third ?? ''}"></main>
  <footer>
    <p>Image API 3 <a class="address" href="${third ?? ''}">${third ?? ''}</a></p>
    <p>Image API 2 <a class="address" href="${second ?? ''}">${second ?? ''}</a></p>
  </footer>
</div>`,
    html`<style data-openseadragon-mobile-css></style>
<script src="/openseadragon/openseadragon.min.js" defer></script>
<script src="/viewer.js" defer></script>`,
  )
}

/** @returns {string} the page for addresses where there is nothing */
export function missingPage() {
  return page(
    'Not found · honeydew',
    html`<main class="missing"><h1>There is nothing here</h1><p><a href="/">All images</a></p></main>`,
  )
}

/**
 * @param {string} title
 * @param {Markup} body
 * @param {Markup} [scripts]
 */
function page(title, body, scripts = html``) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
${scripts}
</head>
<body>
${body}
</body>
</html>
`.markup
}

/** @param {string} identifier */
function splitPath(identifier) {
  const slash = identifier.lastIndexOf('/')
  return { folder: identifier.slice(0, Math.max(slash, 0)), name: identifier.slice(slash + 1) }
}
