/* What a row of the check is, and what comes of it. */
import type { ImageApiVersion } from '../protocol/version.js'
import type { Subject } from './subject.js'

/** How much a row matters: what the specification says MUST be, what it says SHOULD be, and what we advise. */
export type Importance = 'MUST' | 'SHOULD' | 'ADVICE'

/** What was asked, what came, and what should have come. */
export interface Finding {
  /** The method and the URL, or what was looked at. */
  readonly asked: string
  /** What came. */
  readonly came: string
  /** What should have come. */
  readonly expected: string
}

/** What a server promises by its level, or by its info.json: a row that needs it is asked only then. */
export interface Need {
  /** The name of a feature, in each version; a version that does not know it is not asked. */
  readonly feature?: string | Readonly<Partial<Record<ImageApiVersion, string>>>
  /** A quality. */
  readonly quality?: string
  /** A format. */
  readonly format?: string
}

/** One thing that is checked. */
export interface Row {
  /** Its stable name. */
  readonly id: string
  /** What is right, as a sentence. */
  readonly title: string
  /** How much it matters. */
  readonly importance: Importance
  /** Where each version of the Image API says so; a version that does not say so is not asked. */
  readonly sections: Readonly<Partial<Record<ImageApiVersion, string>>>
  /** What it says, shortened. */
  readonly says: string
  /** What must be promised for it. @defaultValue nothing */
  readonly needs?: Need
  /** Why it cannot be asked of this image, where that is so. */
  skip?(subject: Subject): string | undefined
  /** Asks; no finding is a pass. */
  run(subject: Subject): Finding[] | Promise<Finding[]>
}

/** What came of a row. */
export type RowResult = Pick<Row, 'id' | 'title' | 'importance' | 'says'> & {
  /** The section that says so. */
  readonly section: string
  /** How long it took, in milliseconds. */
  readonly milliseconds: number
} & (
    | { readonly outcome: 'passed' }
    | { readonly outcome: 'failed'; readonly findings: readonly Finding[] }
    | { readonly outcome: 'skipped'; readonly reason: string }
  )

/** Tells what came of a server where it was not what was expected. */
export function unless(isRight: boolean, asked: string, came: unknown, expected: string): Finding[] {
  return isRight ? [] : [{ asked, came: formatValue(came), expected }]
}

/** As {@link unless}, of something in info.json. */
export function look(isRight: boolean, what: string, came: unknown, expected: string): Finding[] {
  return unless(isRight, `${what} in info.json`, came, expected)
}

const maxShown = 200

/** Formats a value for a report, shortened. */
export function formatValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text
}
