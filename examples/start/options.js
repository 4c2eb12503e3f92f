/* The words of the command line, and the refusal of those that are wrong. */
import { stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'

export const usage = `Usage: npm start -- [folder] [--port 8182] [--host 127.0.0.1]

Serves a sample picture and the images of the folder, with a page to look at them.

  --port   the port to listen on (default 8182; 0 takes a free one)
  --host   the address to listen on (default 127.0.0.1: this machine only)
  --help   shows this text
`

/** What ends the program with one line instead of a stack. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {number} exitCode
   */
  constructor(message, exitCode) {
    super(message)
    this.exitCode = exitCode
  }
}

/**
 * @param {string[]} words
 * @returns {Promise<{ folders: string[], port: number, host: string, help: boolean }>}
 */
export async function parseOptions(words) {
  const { values, positionals } = parseWords(words)
  const { port = '8182', host = '127.0.0.1', help = false } = values
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new Refusal(`--port: expected a number from 0 to 65535 but received "${port}"`, 2)
  }
  if (positionals.length > 1) throw new Refusal(`Expected one folder but received ${positionals.length}`, 2)
  if (!help) for (const path of positionals) await requireFolder(path)
  return { folders: positionals, port: Number(port), host, help }
}

/** @param {string} path */
async function requireFolder(path) {
  const isFolder = await stat(path).then(
    facts => facts.isDirectory(),
    () => false,
  )
  if (!isFolder) throw new Refusal(`There is no folder "${path}"`, 2)
}

/** @param {string[]} args */
function parseWords(args) {
  const options = /** @type {const} */ ({
    port: { type: 'string' },
    host: { type: 'string' },
    help: { type: 'boolean' },
  })
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new Refusal(/** @type {Error} */ (error).message, 2)
  }
}
