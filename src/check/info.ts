/* Reads what info.json tells, whatever else is wrong with it. */
import type { Limits } from '../protocol/limits.js'
import type { ImageApiVersion } from '../protocol/version.js'

/** An info.json, or a part of it. */
export type Json = Readonly<Record<string, unknown>>

/** Whether a value is an object with properties. */
export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A whole number above zero. */
export function readWhole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
}

/** The items of a property that are objects. */
export function readRecords(info: Json, name: string): Json[] {
  const value = info[name]
  return Array.isArray(value) ? value.filter(isRecord) : []
}

/** The profile objects of version 2, which hold what version 3 tells at the top. */
export function readDetails(info: Json, version: ImageApiVersion): Json[] {
  return version === 3 ? [info] : [info.profile].flat().filter(isRecord)
}

const names = {
  2: { features: 'supports', qualities: 'qualities', formats: 'formats' },
  3: { features: 'extraFeatures', qualities: 'extraQualities', formats: 'extraFormats' },
} as const

/** The features, qualities or formats that are told beside those of the level. */
export function readList(
  info: Json,
  version: ImageApiVersion,
  kind: 'features' | 'qualities' | 'formats',
): string[] {
  return readDetails(info, version)
    .flatMap(details => [details[names[version][kind]]].flat())
    .filter(value => typeof value === 'string')
}

/** The limits that are told; enlarging is bound by nothing else. */
export function readLimits(info: Json, version: ImageApiVersion, features: readonly string[]): Limits {
  const find = (name: string) =>
    readDetails(info, version)
      .map(details => readWhole(details[name]))
      .find(value => value !== undefined)
  const maxWidth = find('maxWidth')
  const canEnlarge = features.includes(version === 3 ? 'sizeUpscaling' : 'sizeAboveFull')
  return {
    maxWidth: maxWidth ?? Infinity,
    maxHeight: find('maxHeight') ?? maxWidth ?? Infinity,
    maxArea: find('maxArea') ?? Infinity,
    maxScale: canEnlarge ? 1000 : 1,
  }
}
