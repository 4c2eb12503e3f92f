/* Which versions of what are at work: the first thing that anybody asks who is told of a fault. */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { readLibvipsVersions } from '../image/libvips.js'

/** Versions of what a service is made of. */
export interface Versions {
  /** This package. */
  readonly honeydew: string
  /** Node. */
  readonly node: string
  /** sharp. */
  readonly sharp: string
  /** libvips. */
  readonly libvips: string
}

/** Reads the versions of what is at work. */
export function readVersions(): Versions {
  return { honeydew: readOwnVersion(), node: process.versions.node, ...readLibvipsVersions() }
}

// Who bundles the package leaves its package.json behind.
function readOwnVersion(): string {
  try {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    return String(version)
  } catch {
    return 'unknown'
  }
}
