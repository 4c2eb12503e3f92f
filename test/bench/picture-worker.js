/* A thread that renders every n-th strip of the picture and writes each to its place in the file. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { stripRows } from '../../examples/start/strips.js'
import { createDiscs, renderRows } from './picture.js'

/** @type {{ path: string, size: import('./picture.js').Size, first: number, every: number, start: number }} */
const { path, size, first, every, start } = workerData
const discs = createDiscs(size)
const file = openSync(path, 'r+')
for (let top = first * stripRows; top < size.height; top += every * stripRows) {
  const pixels = renderRows(size, discs, top, Math.min(stripRows, size.height - top))
  writeSync(file, pixels, 0, pixels.length, start + top * size.width * 3)
  parentPort?.postMessage(top)
}
closeSync(file)
