/* The pages: the gallery, the viewer with the builder of image URLs beside it, Mirador, and the one for what is missing. */
import { formatPage, html, splitPath } from './html.js'

/** @typedef {import('./gallery.js').GalleryPage} GalleryPage */
/** @typedef {import('./gallery.js').GalleryImage} GalleryImage */
/** @typedef {import('./html.js').Markup} Markup */

/**
 * The page that shows what there is.
 *
 * @param {GalleryPage} gallery
 * @returns {string}
 */
export function galleryPage(gallery) {
  const { images, query, number } = gallery
  const body = html`<a class="skip" href="#results">Skip to the images</a>
<header class="masthead">
  <h1>honeydew</h1>
  <p>A IIIF image server. Open an image to look at it closely, or to have a part of it made.</p>
  <form role="search" action="/" class="search">
    <label for="query">Search by name</label>
    <input id="query" name="q" type="search" value="${query}" autocomplete="off" spellcheck="false">
    <button>Search</button>
  </form>
</header>
<main id="results" tabindex="-1">
  <p class="count" role="status">${describeCount(gallery)}</p>
  <ul class="images">${images.map(formatCard)}
  </ul>
  ${formatPager(gallery)}
</main>
<footer class="colophon"><p><a href="/presentation/3/collection">All images as a IIIF collection</a></p></footer>`
  const title = query === '' ? 'honeydew' : `${query} · honeydew`
  return formatPage(
    number > 1 ? `${title} · page ${number}` : title,
    body,
    html`<script src="/gallery.js" defer></script>`,
  )
}

/** @param {GalleryPage} gallery */
function describeCount({ images, query, number, hasMore }) {
  const isAll = number === 1 && !hasMore
  const count = `${images.length} ${images.length === 1 ? 'image' : 'images'}`
  const of = query === '' ? '' : ` with “${query}” in their names`
  if (images.length === 0)
    return query === '' ? 'There are no images here.' : `There is no image with “${query}” in its name.`
  return isAll
    ? `${count}${images.length === 1 ? of.replace('their names', 'its name') : of}`
    : `Page ${number}: ${count}${of}`
}

/** @param {GalleryImage} image */
function formatCard({ identifier, thumbnail }) {
  const { folder, name } = splitPath(identifier)
  const picture = thumbnail
    ? html`<img src="${thumbnail.src}" srcset="${thumbnail.srcset}" sizes="(max-width: 40rem) 45vw, 16rem" width="${thumbnail.width}" height="${thumbnail.height}" alt="" loading="lazy" decoding="async">`
    : html`<span class="broken">No preview</span>`
  return html`
    <li>
      <a href="/view/${encodeURIComponent(identifier)}">
        <span class="frame">${picture}</span>
        <span class="name">${name}</span>${folder ? html` <span class="folder">${folder}</span>` : ''}
      </a>
    </li>`
}

/** @param {GalleryPage} gallery */
function formatPager({ query, number, hasMore }) {
  /** @param {number} page */
  const addressOf = page => `/?${new URLSearchParams({ ...(query && { q: query }), page: String(page) })}`
  if (number === 1 && !hasMore) return html``
  return html`<nav class="pager" aria-label="Pages">
    ${number > 1 ? html`<a rel="prev" href="${addressOf(number - 1)}">Previous page</a>` : html`<span></span>`}
    ${hasMore ? html`<a rel="next" href="${addressOf(number + 1)}">Next page</a>` : html`<span></span>`}
  </nav>`
}

/**
 * The page that shows one image.
 *
 * @param {string} identifier
 * @param {{ hasMirador: boolean }} options - whether Mirador is installed
 * @returns {string}
 */
export function viewerPage(identifier, { hasMirador }) {
  const { name } = splitPath(identifier)
  const segment = encodeURIComponent(identifier)
  const body = html`<div class="viewer">
  <header>
    <a href="/" class="back">All images</a>
    <h1>${name}</h1>
    ${hasMirador ? html`<a href="/mirador/${segment}">Open in Mirador</a>` : ''}
  </header>
  <main>
    <div id="stage" class="stage" data-image="/iiif/3/${segment}" data-name="${name}">
      <noscript><img src="/iiif/3/${segment}/full/!1200,1200/0/default.jpg" alt="${name}"></noscript>
    </div>
    <div class="panel">
      ${formatBuilder()}
      <section aria-labelledby="addresses">
        <h2 id="addresses">Addresses</h2>
        <dl class="addresses">
          ${formatAddress('info.json, Image API 3', `/iiif/3/${segment}/info.json`)}
          ${formatAddress('info.json, Image API 2', `/iiif/2/${segment}/info.json`)}
          ${formatAddress('Manifest', `/presentation/3/${segment}/manifest`)}
        </dl>
      </section>
    </div>
  </main>
  <p id="said" class="said" role="status"></p>
</div>`
  const head = html`<link rel="stylesheet" href="/viewer.css">
<style data-openseadragon-mobile-css></style>
<script src="/openseadragon/openseadragon.min.js" defer></script>
<script src="/viewer.js" type="module"></script>`
  return formatPage(`${name} · honeydew`, body, head)
}

/**
 * @param {string} label
 * @param {string} path
 */
function formatAddress(label, path) {
  return html`<div>
            <dt>${label}</dt>
            <dd><a class="address" href="${path}">${path}</a> <button type="button" class="copy" data-copy="${path}">Copy<span class="hidden"> the address of ${label}</span></button></dd>
          </div>`
}

const qualities = ['default', 'color', 'gray', 'bitonal']
const formats = ['jpg', 'png', 'webp', 'avif', 'gif', 'tif']

function formatBuilder() {
  return html`<form id="builder" class="builder" aria-labelledby="building">
        <h2 id="building">Make an image URL</h2>
        <fieldset>
          <legend>Region</legend>
          <div class="choices">${formatChoices('region', regions)}<button type="button" id="draw" aria-pressed="false">Draw on picture</button></div>
          <div class="fields" id="part" hidden>${partNames.map(([name, label]) => formatNumber(name, label))}</div>
        </fieldset>
        <fieldset>
          <legend>Size</legend>
          <div class="fields size">
            <label>Form <select name="size">${sizes.map(([value, label]) => html`<option value="${value}">${label}</option>`)}</select></label>
            ${formatNumber('width', 'Width', 600)}${formatNumber('height', 'Height', 600)}${formatNumber('percent', 'Percent', 25)}
          </div>
        </fieldset>
        <div class="fields others">
          ${formatNumber('degrees', 'Rotation', 0)}
          <label class="check"><input type="checkbox" name="mirror"> Mirrored</label>
          <label>Quality <select name="quality">${qualities.map(formatOption)}</select></label>
          <label>Format <select name="format">${formats.map(formatOption)}</select></label>
        </div>
        <div class="result">
          <output id="url" class="url" aria-label="Image URL"></output>
          <p class="row"><button type="button" class="copy" data-copy-from="url">Copy<span class="hidden"> the image URL</span></button>
          <a id="open" href="#">Open</a> <span id="facts" class="facts"></span></p>
        </div>
        <figure class="preview"><img id="preview" alt="Preview of the image that the URL asks for"><figcaption id="trouble" role="status"></figcaption></figure>
      </form>`
}

/** @typedef {readonly (readonly [value: string, label: string])[]} Choices */

/** @type {Choices} */
const regions = [
  ['full', 'Full'],
  ['square', 'Square'],
  ['part', 'Part'],
]

/** @type {Choices} */
const partNames = [
  ['x', 'Left'],
  ['y', 'Top'],
  ['w', 'Width'],
  ['h', 'Height'],
]

/** @type {Choices} */
const sizes = [
  ['fit', 'Within a box'],
  ['w', 'By width'],
  ['h', 'By height'],
  ['pct', 'By percentage'],
  ['max', 'All there is'],
]

/**
 * @param {string} name
 * @param {Choices} choices
 */
function formatChoices(name, choices) {
  return choices.map(
    ([value, label], index) =>
      html`<label><input type="radio" name="${name}" value="${value}"${index === 0 ? html` checked` : ''}> ${label}</label>`,
  )
}

/**
 * @param {string} name
 * @param {string} label
 * @param {number} [value]
 */
function formatNumber(name, label, value) {
  return html`<label>${label} <input type="number" name="${name}" min="0" inputmode="numeric" value="${value ?? ''}"></label>`
}

/** @param {string} value */
function formatOption(value) {
  return html`<option>${value}</option>`
}

/**
 * The page that shows one image in Mirador.
 *
 * @param {string} identifier
 * @returns {string}
 */
export function miradorPage(identifier) {
  const { name } = splitPath(identifier)
  const segment = encodeURIComponent(identifier)
  const body = html`<div class="viewer">
  <header><a href="/view/${segment}" class="back">Back</a><h1>${name}</h1></header>
  <main id="mirador" class="stage" data-manifest="/presentation/3/${segment}/manifest"></main>
</div>`
  const head = html`<link rel="stylesheet" href="/viewer.css">
<script src="/mirador/mirador.min.js" defer></script>
<script src="/mirador.js" defer></script>`
  return formatPage(`${name} in Mirador · honeydew`, body, head)
}

/** @returns {string} the page for addresses where there is nothing */
export function missingPage() {
  return formatPage(
    'Not found · honeydew',
    html`<main class="missing"><h1>There is nothing here</h1><p><a href="/">All images</a></p></main>`,
  )
}
