/* A process that makes one image with the compiled package and prints what was estimated and what it took, in bytes:
   how far the memory of the process grew at its peak. */
import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import sharp from 'sharp'

const compiled = new URL('../../dist/', import.meta.url)
/** @type {(name: string) => Promise<any>} */
const load = name => import(new URL(name, compiled).href)
const [
  { openReader },
  { planRender },
  { render },
  { estimateRender },
  { resolveEncodeOptions },
  { fileSource },
] = await Promise.all(
  [
    'image/reader.js',
    'image/plan.js',
    'image/render.js',
    'image/cost.js',
    'image/encode-options.js',
    'source/file.js',
  ].map(load),
)

/** @param {'VmHWM' | 'VmRSS'} name */
function readMemory(name) {
  const status = readFileSync('/proc/self/status', 'utf8')
  return 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1])
}

const [path = '', format = 'jpg', scale = '1', degrees = '0'] = process.argv.slice(2)
sharp.cache(false)
const reader = await openReader(await fileSource(dirname(path))(basename(path), {}))
const { width, height } = reader.description
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
)
const before = readMemory('VmRSS')
await render(await reader.pixels(plan.level, plan.box), plan)
const taken = readMemory('VmHWM') - before
process.stdout.write(JSON.stringify({ estimated: estimateRender(reader.description, plan).bytes, taken }))
