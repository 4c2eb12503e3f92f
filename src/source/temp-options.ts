/* The options for temporary files that several sources share. */
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { createSpool, type Spool } from './spool.js'

/** Where files go that cannot be read in parts. */
export interface TempOptions {
  /**
   * A folder for files that cannot be read in parts: from servers without ranges, and of formats that are decoded as a
   * whole. Processes share it; the last one that closes takes away what was put there. @defaultValue that of the system
   */
  readonly tempDirectory?: string
  /** The most bytes of all temporary files together. @defaultValue 10 GiB */
  readonly maxTempBytes?: number
  /** The most bytes of one file that has to be fetched as a whole. @defaultValue 2 GiB */
  readonly maxDownloadBytes?: number
}

/** Creates the spool of a source. @throws TypeError that names the option, where one is not what it must be. */
export function resolveSpool(options: TempOptions): Spool {
  const { tempDirectory = tmpdir(), maxTempBytes = 10 * 2 ** 30, maxDownloadBytes = 2 * 2 ** 30 } = options
  if (typeof tempDirectory !== 'string' || tempDirectory === '' || tempDirectory.includes('\0'))
    throw new TypeError('tempDirectory: expected the path of a folder')
  for (const [name, value] of Object.entries({ maxTempBytes, maxDownloadBytes })) {
    if (!Number.isSafeInteger(value) || value <= 0)
      throw new TypeError(`${name}: expected a whole number of bytes above 0 but received ${value}`)
  }
  return createSpool({
    directory: resolve(tempDirectory),
    maxBytes: maxTempBytes,
    maxFileBytes: Math.min(maxDownloadBytes, maxTempBytes),
  })
}
