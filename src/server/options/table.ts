/* All options of the server, in groups: the one table that flags, variables, the configuration file, help,
   `--print-config` and the page of the documentation are made from. */
import { type AnswersSettings, answersOptions } from './answers.js'
import { type CacheSettings, cacheOptions } from './cache.js'
import { type GeneralSettings, generalOptions } from './general.js'
import { type ImagesSettings, imagesOptions } from './images.js'
import { type ListenSettings, listenOptions } from './listen.js'
import { type LogsSettings, logsOptions } from './logs.js'
import { type OperationSettings, operationOptions } from './operation.js'
import type { OptionRow, OptionTable } from './option.js'
import { type WorkSettings, workOptions } from './work.js'

/** What the server is told, complete: what has a default has a value. */
export interface ServerSettings
  extends GeneralSettings,
    ImagesSettings,
    ListenSettings,
    AnswersSettings,
    CacheSettings,
    WorkSettings,
    OperationSettings,
    LogsSettings {}

/** The name of an option. */
export type OptionName = keyof ServerSettings

/** Options that belong together. */
export interface OptionGroup {
  /** The heading. */
  readonly title: string
  /** The rows by their names. */
  readonly rows: Partial<OptionTable<ServerSettings>>
}

/** The options, in the order in which they are listed. */
export const optionGroups: readonly OptionGroup[] = [
  { title: 'Images', rows: imagesOptions },
  { title: 'Listening', rows: listenOptions },
  { title: 'Answers', rows: answersOptions },
  { title: 'Caches', rows: cacheOptions },
  { title: 'Work', rows: workOptions },
  { title: 'Operation', rows: operationOptions },
  { title: 'Logs', rows: logsOptions },
  { title: 'Options', rows: generalOptions },
]

/** An option with its name. */
export interface NamedOption extends OptionRow {
  /** The name: that of its property in a configuration file. */
  readonly name: OptionName
}

/** Lists options. */
export function listOptions({ rows }: OptionGroup): readonly NamedOption[] {
  return Object.entries(rows).map(([name, row]) => ({ ...(row as OptionRow), name: name as OptionName }))
}

/** All options. */
export const allOptions: readonly NamedOption[] = optionGroups.flatMap(listOptions)

/** Writes a value of an option so that who sees it learns no secret. */
export function showValue({ type }: OptionRow, value: unknown): string {
  return value === false ? 'false' : (type.show?.(value) ?? JSON.stringify(value))
}
