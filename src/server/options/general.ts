/* Options: where the others are read from. */
import type { OptionTable } from './option.js'
import { log } from './types.js'

/** Where the options are read from. */
export interface GeneralSettings {
  /**
   * A file with options, in JavaScript, or in TypeScript where Node reads that; `false` for none.
   * @defaultValue honeydew.config.js, .mjs, .ts or .mts in the working directory
   */
  readonly config?: string | false
}

/** The rows. */
export const generalOptions: OptionTable<GeneralSettings> = {
  config: {
    type: { ...log, expected: 'a path, or false' },
    otherwise: 'honeydew.config.js here',
    help: 'a file with options, or none',
  },
}
