/* Pages as text. What comes from outside is put in through `html`, which escapes it; there is no script and no style in the
   text, so that the strictest Content-Security-Policy fits. */

/** @typedef {{ readonly markup: string }} Markup */
/** @typedef {string | number | Markup | Markup[]} Content */

/** @type {Readonly<Record<string, string>>} */
const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/**
 * @param {TemplateStringsArray} strings
 * @param {Content[]} values
 * @returns {Markup}
 */
export function html(strings, ...values) {
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
 * A whole page.
 *
 * @param {string} title
 * @param {Markup} body
 * @param {Markup} [head] - scripts and what else the page needs
 * @returns {string}
 */
export function formatPage(title, body, head = html``) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
${head}
</head>
<body>
${body}
</body>
</html>
`.markup
}

/**
 * The parts of an identifier that people know an image by.
 *
 * @param {string} identifier
 */
export function splitPath(identifier) {
  const slash = identifier.lastIndexOf('/')
  return { folder: identifier.slice(0, Math.max(slash, 0)), name: identifier.slice(slash + 1) }
}
