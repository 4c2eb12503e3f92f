/* The commands, in the order in which the help lists them. A command is a module of this folder that exports `command`;
   here stand its name, one line about it, and how it is loaded: only when it is called. */
import type { Command } from './command.js'

/** A command before it is loaded. */
export interface CommandEntry {
  /** What it does, in a few words. */
  readonly summary: string
  /** Loads it. */
  load(): Promise<{ readonly command: Command }>
}

/** The commands, by their names. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  serve: {
    summary: 'serves the images of a folder, or of wherever they are',
    load: () => import('./serve.js'),
  },
  doctor: {
    summary: 'tells what images cost to serve, and what would make them cheaper',
    load: () => import('./doctor.js'),
  },
  pyramid: {
    summary: 'makes a file of an image that is quick to serve',
    load: () => import('./pyramid.js'),
  },
  export: {
    summary: 'makes of an image a folder that needs no image server',
    load: () => import('./export.js'),
  },
  check: {
    summary: 'holds any IIIF image server against the specification',
    load: () => import('./check.js'),
  },
}
