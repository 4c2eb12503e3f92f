/* Runs the official validator (https://github.com/IIIF/image-validator) against the build in dist/:

     node test/conformance/official-validator.js <checkout of the validator>

   It needs Debian's python3 with python3-bottle, python3-lxml, python3-pil and python3-magic. The exit code is 0 when
   every test of level 2 passes in both versions, but one of 3.0 that contradicts the specification. Level 3, the tests
   of what is optional, is only shown. CI has no checkout: the suite beside this file has a row for all of level 2. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join, resolve } from 'node:path'
import { createImageService, fileSource } from 'honeydew'
import { createNodeHandler } from 'honeydew/node'

const python = '/usr/bin/python3'
const identifier = '67352ccc-d1b0-11e1-89ae-279075081939'

/**
 * What may fail, and with which words. `size_noup` wants an error for `!2000,3000` of an image of 1000 x 1000; 3.0
 * section 4.2 has the image itself, which "must not be larger than the extracted region". It is the last size that the
 * test asks for: to fail with it is to pass all others.
 *
 * @type {Readonly<Record<string, Readonly<Record<string, string>>>>}
 */
const expected = { '2.0': {}, '3.0': { size_noup: 'Size: !2000,3000' } }

/** No report has this. */
const failure = '\0'

const [checkout] = process.argv.slice(2)
process.exitCode = checkout === undefined ? refuse() : await validate(resolve(checkout))

/** @returns {number} */
function refuse() {
  process.stderr.write(
    'usage: node test/conformance/official-validator.js <checkout of IIIF/image-validator>\n',
  )
  return 2
}

/**
 * @param {string} folder
 * @returns {Promise<number>} the exit code
 */
async function validate(folder) {
  const missing = await findMissing(folder)
  if (missing !== undefined) {
    process.stderr.write(`${missing}\n`)
    return 2
  }
  const plain = await serve(folder, {})
  const upscaling = await serve(folder, { limits: { maxScale: 2 } })
  try {
    let unforeseen = 0
    for (const version of Object.keys(expected)) {
      const { failed, report } = await run(folder, plain.address, version, 2)
      const wrong = failed.filter(name => !report.includes(expected[version]?.[name] ?? failure))
      unforeseen += wrong.length
      process.stdout.write(`\n=== ${version}, level 2\n${report}`)
      process.stdout.write(`unforeseen failures: ${wrong.join(', ') || 'none'}\n`)
    }
    for (const version of Object.keys(expected)) {
      const { failed, total } = await run(folder, upscaling.address, version, 3)
      process.stdout.write(
        `\n=== ${version}, level 3, upscaling on: ${total - failed.length} of ${total} pass\n`,
      )
      process.stdout.write(`these do not: ${failed.join(', ') || 'none'}\n`)
    }
    return unforeseen === 0 ? 0 : 1
  } finally {
    plain.close()
    upscaling.close()
  }
}

/**
 * @param {string} folder
 * @returns {Promise<string | undefined>} what must be done first
 */
async function findMissing(folder) {
  try {
    await access(join(folder, 'iiif-validate.py'))
    await access(join(folder, 'html', `${identifier}.png`))
  } catch {
    return `${folder} is no checkout: clone https://github.com/IIIF/image-validator and name its folder.`
  }
  const imports = spawn(python, ['-c', 'import bottle, lxml, PIL, magic'], { stdio: 'ignore' })
  const code = await new Promise(settle => {
    imports.once('error', () => settle(-1))
    imports.once('close', settle)
  })
  if (code === 0) return undefined
  return `${python} lacks what the validator imports: apt-get install python3-bottle python3-lxml python3-pil python3-magic`
}

/**
 * Serves the validator's own picture, under its name without the extension.
 *
 * @param {string} folder
 * @param {Partial<import('honeydew').ImageServiceOptions>} options
 */
async function serve(folder, options) {
  const source = fileSource({ root: join(folder, 'html'), suffix: '.png' })
  const server = createServer(createNodeHandler(createImageService({ source, ...options })))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return {
    address: `127.0.0.1:${port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/**
 * @param {string} folder
 * @param {string} address
 * @param {string} version
 * @param {number} level
 */
async function run(folder, address, version, level) {
  const words = ['-s', address, '-p', `iiif/${version[0]}`, '-i', identifier]
  const script = ['-B', 'iiif-validate.py', ...words, '--version', version, '--level', String(level)]
  const validator = spawn(python, script, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let report = ''
  validator.stderr.setEncoding('utf8').on('data', text => {
    report += text
  })
  await once(validator, 'close')
  const [, tests = '0', failures = '0'] = /Done \((\d+) tests, (\d+) failures\)/.exec(report) ?? []
  const failed = [...report.matchAll(/test (\w+) FAIL/g)].map(([, name = '']) => name)
  // A run that broke off, or that reports otherwise than it did, must not pass for a good one.
  if (tests === '0' || failed.length !== Number(failures)) {
    throw new Error(`the validator's report was not understood:\n${report}`)
  }
  return { failed, total: Number(tests), report }
}
