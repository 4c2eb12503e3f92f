/* iiif-processor, as its documentation shows it: a Node http server, file streams, and the sizes of all levels told
   from memory, so that it chooses the nearest one. */
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createPlainListener, readSettings, serve } from './serve.js'

/** @type {{ folder: string, processes: number, peers: string }} */
const { folder, processes, peers } = readSettings()
const load = createRequire(join(peers, 'package.json'))

await serve(processes, () => {
  const { Processor } = load('iiif-processor')
  /** @type {Map<string, Promise<object[]>>} */
  const known = new Map()
  /** @param {{ id: string }} request */
  const dimensionFunction = ({ id }) => {
    const levels = known.get(id) ?? readLevels(id)
    known.set(id, levels)
    return levels
  }
  /** @param {{ id: string }} request */
  const streamResolver = async ({ id }) => createReadStream(join(folder, id))
  return createPlainListener(async url => {
    const result = await new Processor(`http://127.0.0.1${url}`, streamResolver, {
      dimensionFunction,
    }).execute()
    if (result.type !== 'content') throw new Error(result.message)
    return { type: result.contentType, body: result.body }
  })
})

/** @param {string} id */
async function readLevels(id) {
  // Its own sharp, not that of honeydew.
  const sharp = createRequire(load.resolve('iiif-processor'))('sharp')
  const path = join(folder, id)
  const { width, height, pages = 1 } = await sharp(path).metadata()
  const others = Array.from({ length: pages - 1 }, (_, i) => sharp(path, { page: i + 1 }).metadata())
  const levels = [{ width, height }, ...(await Promise.all(others))]
  return levels.map(level => ({ width: level.width, height: level.height }))
}
