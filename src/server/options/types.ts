/* The types that options have. */
import { resolve } from 'node:path'
import { maskSecrets } from '../mask.js'
import type { OptionType } from './option.js'

/** Yes or no. */
export const flag: OptionType<boolean> = {
  expected: 'true or false',
  sign: '',
  canBeOff: true,
  parse: text => (/^(?:true|yes|on|1)$/i.test(text) ? true : undefined),
  accepts: value => typeof value === 'boolean',
}

/** Some text. */
export const text: OptionType<string> = {
  expected: 'some text',
  sign: '<text>',
  parse: value => (value === '' ? undefined : value),
  accepts: value => typeof value === 'string' && value !== '',
}

/** A text of a certain shape. */
export function textLike(expected: string, sign: string, shape: RegExp): OptionType<string> {
  return {
    expected,
    sign,
    parse: value => (shape.test(value) ? value : undefined),
    accepts: value => typeof value === 'string' && shape.test(value),
  }
}

/** A file or a folder; a relative one belongs to the folder of the configuration file, or to the working directory. */
export const path: OptionType<string> = {
  ...textLike('a path', '<path>', /^[^\0]+$/),
  place: (value, folder) => resolve(folder, value),
}

/** Where lines are written: a file, `-` for the standard stream, or nowhere. */
export const log: OptionType<string | false> = {
  expected: 'a path, "-", or false',
  sign: '<path>',
  canBeOff: true,
  parse: value => path.parse(value),
  accepts: value => value === false || path.accepts(value),
  place: (value, folder) => (value === false || value === '-' ? value : resolve(folder, value)),
}

/** A whole number. */
export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): OptionType<number> {
  return number(least, most, 'a whole number', /^\d+$/)
}

/** A number. */
export function number(
  least: number,
  most: number = Infinity,
  kind = 'a number',
  shape: RegExp = /^\d+(?:\.\d+)?$/,
): OptionType<number> {
  const isWithin = (value: number): boolean => value >= least && value <= most
  const isLast = most === Infinity || most === Number.MAX_SAFE_INTEGER
  return {
    expected: `${kind} from ${least}${isLast ? '' : ` to ${most}`}`,
    sign: '<number>',
    parse: value => (shape.test(value) && isWithin(Number(value)) ? Number(value) : undefined),
    accepts: value => typeof value === 'number' && shape.test(String(value)) && isWithin(value),
  }
}

/* What a timer of Node can wait: a little less than 25 days. */
const maxSeconds = 2_000_000

/** A time in seconds. */
export function seconds(least: number): OptionType<number> {
  return { ...number(least, maxSeconds, 'seconds'), sign: '<seconds>' }
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
}

/** An amount of bytes, in text with a unit: `64MiB`, `10GB`, `512Mi`. */
export function bytes(least: number): OptionType<number> {
  const accepts = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= least
  return {
    expected: `bytes from ${least}, such as 64MiB or 10GB`,
    sign: '<bytes>',
    parse(value) {
      const [, amount, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgt]i?)?b?$/i.exec(value) ?? []
      const found = Math.round(Number(amount) * (units[unit.toLowerCase()] ?? Number.NaN))
      return accepts(found) ? found : undefined
    },
    accepts,
    show: formatBytes,
  }
}

function formatBytes(value: number): string {
  const [unit, size] = Object.entries(units).findLast(
    ([name, factor]) => name.endsWith('i') && value >= factor && value % factor === 0,
  ) ?? ['', 1]
  return unit === '' ? String(value) : `${value / size}${unit.toUpperCase().replace('I', 'i')}B`
}

/** One of a few words. */
export function choice<T extends string>(...words: readonly T[]): OptionType<T> {
  const find = (value: unknown): T | undefined => words.find(word => word === value)
  return {
    expected: words.join(' or '),
    sign: `<${words.join('|')}>`,
    parse: find,
    accepts: value => find(value) !== undefined,
  }
}

/** Several texts; with commas between them where they come as one. */
export const list: OptionType<readonly string[]> = {
  expected: 'a list with commas',
  sign: '<list>',
  parse(value) {
    const items = value.split(',').map(item => item.trim())
    return items.includes('') ? undefined : items
  },
  accepts: value => Array.isArray(value) && value.length > 0 && value.every(item => text.accepts(item)),
  show: value => value.join(','),
}

/** All, none, or some that are listed. */
export const someOrAll: OptionType<boolean | readonly string[]> = {
  ...list,
  expected: 'true, false, or a list with commas',
  canBeOff: true,
  parse: value => flag.parse(value) ?? list.parse(value),
  accepts: value => typeof value === 'boolean' || list.accepts(value),
  show: value => (typeof value === 'boolean' ? String(value) : value.join(',')),
}

/** The path in front of identifiers, or none. */
export const prefix: OptionType<string | false> = {
  ...textLike('a path such as /iiif/3, or false', '<path>', /^(?:\/[\w.~-]+)+$/),
  canBeOff: true,
  accepts: value => value === false || (typeof value === 'string' && /^(?:\/[\w.~-]+)*$/.test(value)),
}

/** For how long something is believed. */
export const freshness: OptionType<'always' | 'never' | number> = {
  expected: 'always, never, or seconds from 0',
  sign: '<seconds>',
  parse: value => (value === 'always' || value === 'never' ? value : seconds(0).parse(value)),
  accepts: value => value === 'always' || value === 'never' || seconds(0).accepts(value),
}

/** An address of the web. */
export const httpUrl: OptionType<string> = {
  ...textLike('a URL with http or https', '<url>', /^https?:\/\/[^\s/]\S*$/i),
  show: showUrl,
}

/** The address of a Redis server. */
export const redisUrl: OptionType<string> = {
  ...textLike('a URL such as redis://localhost:6379', '<url>', /^rediss?:\/\/\S+$/i),
  show: showUrl,
}

/** Writes a URL without the password and the tokens that are in it. */
export function showUrl(url: string): string {
  return JSON.stringify(maskSecrets(url))
}
