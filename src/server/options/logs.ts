/* Options: what is written down. */
import type { OptionTable } from './option.js'
import { choice, log } from './types.js'

/** What is written down. */
export interface LogsSettings {
  /** Where a line for each answer is written: a file, `-` for the standard output, or `false`. @defaultValue - */
  readonly accessLog: string | false
  /**
   * How: in the combined format of Apache and nginx, the same with times at the end, or as a line of JSON.
   * @defaultValue combined
   */
  readonly accessLogFormat: 'combined' | 'timed' | 'json'
  /**
   * Where failures and what the server does is told: a file, `-` for the standard error, or `false`. @defaultValue -
   */
  readonly errorLog: string | false
  /** How: as text, or as a line of JSON. @defaultValue text */
  readonly errorLogFormat: 'text' | 'json'
}

/** The rows. */
export const logsOptions: OptionTable<LogsSettings> = {
  accessLog: { type: log, default: '-', help: 'a file for a line for each answer; - for stdout' },
  accessLogFormat: { type: choice('combined', 'timed', 'json'), default: 'combined', help: 'how' },
  errorLog: { type: log, default: '-', help: 'a file for what goes wrong; - for stderr' },
  errorLogFormat: { type: choice('text', 'json'), default: 'text', help: 'how' },
}
