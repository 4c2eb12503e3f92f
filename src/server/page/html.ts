/* The two pages as text: the list of images and the viewer. What comes from outside is put in through `html`, which escapes
   it. Nothing is loaded from elsewhere, and all addresses are relative: whatever path a proxy shows the server under. */
import { escapeHtml } from '../../http/html.js'
import type { ListedPage } from './listing.js'

interface Markup {
  readonly markup: string
}

type Content = string | number | Markup | readonly Markup[] | undefined

function html(strings: TemplateStringsArray, ...values: Content[]): Markup {
  return { markup: String.raw({ raw: strings }, ...values.map(formatContent)) }
}

function formatContent(content: Content): string {
  if (content === undefined) return ''
  if (Array.isArray(content)) return content.map(formatContent).join('')
  if (typeof content === 'object') return (content as Markup).markup
  return escapeHtml(String(content))
}

/** The addresses of an image, relative to the page. */
export interface Addresses {
  /** Its base URI. */
  readonly base: string
  /** Its info.json in each version that is served, with the name of the version. */
  readonly infos: readonly { readonly version: number; readonly address: string }[]
  /** Its manifest, where there is one. */
  readonly manifest?: string
}

/** Tells the addresses of an image. */
export type Locate = (identifier: string) => Addresses

/** Writes the page that lists images; without a list it asks for an identifier. */
export function writeListPage(list: ListedPage | undefined, words: string, locate: Locate): string {
  return writePage(
    'honeydew',
    html`<header class="masthead">
  <h1>honeydew</h1>
  <p>A IIIF image server. Open an image to look at it closely.</p>
  ${list ? writeSearch(words) : writeQuestion()}
</header>
<main>${list && writeList(list, words, locate)}</main>`,
  )
}

function writeSearch(words: string): Markup {
  return html`<form role="search"><label>Name <input type="search" name="q" value="${words}" maxlength="200"></label>
  <button>Search</button></form>`
}

function writeQuestion(): Markup {
  return html`<form><label>The identifier of an image <input name="image" required maxlength="1000"></label>
  <button>Open</button></form>`
}

function writeList(list: ListedPage, words: string, locate: Locate): Markup {
  const { identifiers, total, number, pages, isCut } = list
  const count = total === 1 ? 'One image' : `${total === 0 ? 'No' : total} images`
  const link = (to: number, rel: string, text: string): Markup | undefined =>
    to < 1 || to > pages
      ? undefined
      : html`<a rel="${rel}" href="./?${new URLSearchParams({ ...(words && { q: words }), page: String(to) }).toString()}">${text}</a>`
  return html`
  <p class="note" role="status">${count}${isCut ? ', the first ones of the folder' : ''}${words && html` with “${words}”`}</p>
  <ul class="images">${identifiers.map(identifier => writeItem(identifier, locate))}
  </ul>
  ${pages > 1 ? html`<nav aria-label="Pages">${link(number - 1, 'prev', 'Previous')} <span>Page ${number} of ${pages}</span> ${link(number + 1, 'next', 'Next')}</nav>` : ''}`
}

function writeItem(identifier: string, locate: Locate): Markup {
  const { folder, name } = splitPath(identifier)
  const { base, infos } = locate(identifier)
  return html`
    <li>
      <a href="./?${new URLSearchParams({ image: identifier }).toString()}">
        <img src="${base}/full/!300,300/0/default.jpg" alt="" loading="lazy" decoding="async">
        <span class="name">${name}</span>${folder && html` <span class="folder">${folder}</span>`}
      </a>
      <a class="info" href="${infos[0]?.address}" aria-label="info.json of ${name}">info.json</a>
    </li>`
}

/** Writes the page that shows one image. */
export function writeViewerPage(identifier: string, locate: Locate): string {
  const { name } = splitPath(identifier)
  const { base, infos, manifest } = locate(identifier)
  const documents = [
    ...infos.map(({ version, address }) => ({ title: `Image API ${version}`, address })),
    ...(manifest ? [{ title: 'Manifest', address: manifest }] : []),
  ]
  return writePage(
    `${name} · honeydew`,
    html`<div class="viewer">
  <header>
    <a href="./">All images</a>
    <h1>${name}</h1>
    <div class="tools" role="group" aria-label="Zoom">
      <button type="button" data-do="out" aria-label="Zoom out">−</button>
      <button type="button" data-do="in" aria-label="Zoom in">+</button>
      <button type="button" data-do="home">Whole image</button>
    </div>
  </header>
  <main>
    <canvas id="stage" tabindex="0" role="img" data-base="${base}" data-info="${infos[0]?.address}" aria-label="${name}. Plus and minus zoom, arrow keys move, zero shows the whole image."></canvas>
    <p id="state" role="status"></p>
    <noscript><img src="${base}/full/!1000,1000/0/default.jpg" alt="${name}"></noscript>
  </main>
  <footer>${documents.map(
    ({ title, address }) => html`
    <p>${title} <a class="address" href="${address}">${address}</a></p>`,
  )}
  </footer>
</div>`,
    html`<script src="./honeydew/viewer.js" type="module"></script>`,
  )
}

function writePage(title: string, body: Markup, script: Markup = html``): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="./honeydew/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="./honeydew/style.css">
${script}
</head>
<body>
${body}
</body>
</html>
`.markup
}

function splitPath(identifier: string): { readonly folder: string; readonly name: string } {
  const slash = identifier.lastIndexOf('/')
  return { folder: identifier.slice(0, Math.max(slash, 0)), name: identifier.slice(slash + 1) }
}
