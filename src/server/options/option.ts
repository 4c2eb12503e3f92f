/* What an option of the server is: one row, from which flags, variables, help, `--print-config` and the page of the
   documentation are made. */

/** How the values of an option are read, checked and written. */
export interface OptionType<T> {
  /** What is expected, in words: `a number from 0 to 65535`. */
  readonly expected: string
  /** What stands behind the flag in a list of options; empty for a switch. */
  readonly sign: string
  /** Whether `false` is a value: then there is a flag `--no-…`, and variables may say `false`, `no` or `off`. */
  readonly canBeOff?: boolean
  /** Reads the text of a flag or a variable; `undefined` where it is not what is expected. */
  parse(text: string): T | undefined
  /** Tells whether a value of a configuration file is what is expected. */
  accepts(value: unknown): boolean
  /** Makes a value that was found in `folder`, or by a program that runs there, independent of it. */
  place?(value: T, folder: string): T
  /** Writes a value so that who sees it learns no secret. @defaultValue as JSON */
  show?(value: T): string
}

/** An option. Its flag and its variable are made of its name. */
export interface OptionRow<T = unknown> {
  /** How its values are read. */
  readonly type: OptionType<T>
  /** What it is, in a few words. */
  readonly help: string
  /** The value where nothing is said. */
  readonly default?: T
  /** What happens where nothing is said and there is no value for that. */
  readonly otherwise?: string
  /** The option of the image service that it sets: `limits.maxArea`. */
  readonly sets?: string
}

/** The rows of some options: those that always have a value have a default. */
export type OptionTable<S> = {
  readonly [K in keyof S]-?: OptionRow<Exclude<S[K], undefined>> &
    (Record<never, never> extends Pick<S, K>
      ? { readonly default?: never; readonly otherwise: string }
      : { readonly default: S[K] })
}

/** The flag of an option, without dashes: `cacheFolder` is `cache-folder`. */
export function formatFlag(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** The variable of an option: `cacheFolder` is `HONEYDEW_CACHE_FOLDER`. */
export function formatVariable(name: string): string {
  return `${variablePrefix}${formatFlag(name).replaceAll('-', '_').toUpperCase()}`
}

/** What all variables begin with. */
export const variablePrefix = 'HONEYDEW_'
