/* Clients that leave: viewers abandon most of what they ask for whenever they pan. In a process of its own, in which
   nothing else is open. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { createFolder } from '../image/picture.js'
import { makePyramid } from './folder.js'

let folder: string

beforeAll(async () => {
  folder = await createFolder()
  await writeFile(join(folder, 'lossless.tif'), await makePyramid(1024, 768, { compression: 'lzw' }))
  await writeFile(
    join(folder, 'jpeg.tif'),
    await makePyramid(1024, 768, { compression: 'jpeg', quality: 90 }),
  )
}, 60_000)

const script = fileURLToPath(new URL('./abandon-run.js', import.meta.url))

describe.skipIf(!existsSync('/proc/self/fd'))('of many clients of whom nine in ten leave after 5 ms', () => {
  it.each([
    ['rendered from a lossless pyramid', 'lossless.tif', 'webp', 400],
    ['rendered from JPEG tiles', 'jpeg.tif', 'png', 400],
  ])(
    'the others get their tiles, and nothing is left behind: %s',
    async (_, name, format, count) => {
      // A process that does not end by itself holds something: it is ended here, and that is a failure.
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [script, folder, name, format, String(count)],
        { timeout: 60_000 },
      )
      const result = JSON.parse(stdout)
      expect(result).toMatchObject({ stayed: count / 10, right: count / 10, rejections: 0, warnings: [] })
      expect(result.left).toBeGreaterThan(0)
      expect(result.left).toBeLessThanOrEqual((count * 9) / 10)
      expect(result.after).toEqual(result.before)
      expect(['200', '499']).toEqual(expect.arrayContaining(Object.keys(result.responses)))
    },
    90_000,
  )
})
