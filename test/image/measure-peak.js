/* A process that makes one image with the compiled package and prints what was estimated and what it took, in bytes:
   how far the memory of the process grew at its peak. What covers the image is the last argument, as JSON. */
import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import sharp from 'sharp'

const compiled = new URL('../../dist/', import.meta.url)
/** @type {(name: string) => Promise<any>} */
const load = name => import(new URL(name, compiled).href)
const [
  { openReader },
  { planRender },
  { renderCovered },
  { estimateRender },
  { resolveEncodeOptions },
  { fileSource },
  { resolveRedactions },
  { resolveOverlay },
] = await Promise.all(
  [
    'image/reader.js',
    'image/plan.js',
    'image/cover.js',
    'image/cost.js',
    'image/encode-options.js',
    'source/file.js',
    'image/redaction.js',
    'image/overlay.js',
  ].map(load),
)

/** @param {'VmHWM' | 'VmRSS'} name */
function readMemory(name) {
  const status = readFileSync('/proc/self/status', 'utf8')
  return 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1])
}

const [path = '', format = 'jpg', scale = '1', degrees = '0', covers = '{}'] = process.argv.slice(2)
sharp.cache(false)
const reader = await openReader(await fileSource(dirname(path))(basename(path), {}))
const { width, height } = reader.description
const { redactions = [], overlay } = JSON.parse(covers)
const cover = {
  redactions: resolveRedactions(redactions, { width, height }),
  overlay: overlay && resolveOverlay(overlay),
}
const plan = planRender(
  reader.description,
  {
    region: { x: 0, y: 0, width, height },
    size: { width: Math.round(width * Number(scale)), height: Math.round(height * Number(scale)) },
    rotation: { mirror: false, degrees: Number(degrees) },
    quality: 'default',
    format,
  },
  resolveEncodeOptions(),
  cover,
)
const before = readMemory('VmRSS')
await renderCovered(reader, plan, cover)
const taken = readMemory('VmHWM') - before
process.stdout.write(JSON.stringify({ estimated: estimateRender(reader.description, plan).bytes, taken }))
