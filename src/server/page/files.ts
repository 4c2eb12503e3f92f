/* The files that the pages load. The script is compiled by itself, for browsers, and lies beside this module; the others
   are small enough to stand here. */
import { readFile } from 'node:fs/promises'

/** A file. */
export interface PageFile {
  /** Its media type. */
  readonly type: string
  /** Gives its content. */
  read(): Promise<string> | string
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <title>honeydew</title>
  <circle cx="16" cy="16" r="15" fill="#3f8f6b"/>
  <circle cx="16" cy="16" r="11.5" fill="#a8d8a0"/>
  <circle cx="16" cy="16" r="5" fill="#f4efcf"/>
</svg>
`

const style = `:root {
  color-scheme: light dark;
  --paper: #faf8f0;
  --ink: #1c2b27;
  --faint: #55645e;
  --line: #cfd5c6;
  --tile: #efeee2;
  --accent: #12684f;
  font: 16px / 1.5 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0d1614;
    --ink: #e9eee6;
    --faint: #a3b2aa;
    --line: #2c3b36;
    --tile: #16221f;
    --accent: #a8d8a0;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); }
a { color: var(--accent); text-underline-offset: 0.2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.masthead, .masthead + main { max-width: 84rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 3rem); }
.masthead { padding-block: clamp(1.5rem, 5vw, 3.5rem) 1rem; }
h1 { margin: 0; font-size: clamp(2rem, 5vw, 3rem); font-weight: 300; letter-spacing: -0.02em; line-height: 1.1; }
.masthead p, .note { margin: 0.5rem 0 0; color: var(--faint); }
form { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end; margin-top: 1.25rem; }
label { color: var(--faint); font-size: 0.875rem; }
input { display: block; width: min(22rem, 80vw); margin-top: 0.2rem; }
input, button {
  padding: 0.45rem 0.7rem;
  border: 1px solid var(--line);
  border-radius: 6px;
  background: var(--tile);
  color: var(--ink);
  font: inherit;
}
button { cursor: pointer; }
button:hover { border-color: var(--accent); }
.images {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(clamp(9rem, 22vw, 15rem), 1fr));
  gap: 2rem clamp(1rem, 2.5vw, 2rem);
  margin: 1.5rem 0 2rem;
  padding: 0;
  list-style: none;
}
.images a:first-child { display: block; border-radius: 6px; color: inherit; text-decoration: none; }
.images img {
  display: block;
  width: 100%;
  aspect-ratio: 4 / 3;
  margin-bottom: 0.6rem;
  border-radius: 6px;
  background: var(--tile);
  object-fit: contain;
}
.name, .folder { display: block; overflow-wrap: anywhere; line-height: 1.35; }
.folder, .info { color: var(--faint); font-size: 0.875rem; }
.images a:hover .name { color: var(--accent); text-decoration: underline; }
nav { display: flex; flex-wrap: wrap; gap: 1.5rem; margin-bottom: 3rem; color: var(--faint); }
.viewer { display: grid; grid-template-rows: auto minmax(0, 1fr) auto; height: 100dvh; }
.viewer header { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 1.25rem; padding: 0.6rem 1rem; }
.viewer h1 { flex: 1 1 10rem; font-size: 1.125rem; font-weight: 500; letter-spacing: 0; overflow-wrap: anywhere; }
.tools { display: flex; gap: 0.4rem; }
.tools button { min-width: 2.6rem; padding-block: 0.3rem; }
.viewer main { position: relative; min-height: 0; background: var(--tile); }
canvas { position: absolute; width: 100%; height: 100%; cursor: grab; touch-action: none; }
canvas:active { cursor: grabbing; }
canvas:focus-visible { outline-offset: -3px; }
#state {
  position: absolute;
  right: 0.6rem;
  bottom: 0.6rem;
  margin: 0;
  padding: 0.1rem 0.5rem;
  border-radius: 6px;
  background: var(--paper);
  color: var(--faint);
  font-size: 0.8125rem;
}
#state:empty { display: none; }
noscript img { max-width: 100%; max-height: 100%; }
.viewer footer {
  display: flex;
  flex-wrap: wrap;
  gap: 0.1rem 2rem;
  padding: 0.5rem 1rem;
  border-top: 1px solid var(--line);
  color: var(--faint);
  font-size: 0.8125rem;
}
.viewer footer p { margin: 0; }
.address { margin-left: 0.3em; overflow-wrap: anywhere; }
`

const script = new URL('./browser/viewer.js', import.meta.url)

/** The files by their paths. */
export const pageFiles: ReadonlyMap<string, PageFile> = new Map([
  ['/honeydew/style.css', { type: 'text/css; charset=utf-8', read: () => style }],
  ['/honeydew/icon.svg', { type: 'image/svg+xml', read: () => icon }],
  ['/honeydew/viewer.js', { type: 'text/javascript; charset=utf-8', read: () => readFile(script, 'utf8') }],
  [
    '/honeydew/tiles.js',
    { type: 'text/javascript; charset=utf-8', read: () => readFile(new URL('./tiles.js', script), 'utf8') },
  ],
])
