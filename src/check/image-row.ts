/* What rows about images have in common: they ask for images, and hold all of them against their parameters. */
import type { Box } from '../protocol/geometry.js'
import type { ImageApiVersion } from '../protocol/version.js'
import type { Finding, Row } from './row.js'
import type { Subject } from './subject.js'
import { isPossible, verifyImage } from './verify.js'
import { chooseBox, formatBox, smallSize } from './wish.js'

/** What a row asks for: parameters of images. */
export type Wish = (subject: Subject) => readonly string[]

/** What a row about images has; the rest is the same for all of them. */
export type ImageRow = Omit<Row, 'run' | 'skip' | 'importance'> & {
  /** The parameters that are asked for. */
  readonly wish: Wish
  /** How much it matters. @defaultValue MUST */
  readonly importance?: Row['importance']
}

/** Completes a row. */
export function buildImageRow({ wish, importance = 'MUST', ...row }: ImageRow): Row {
  return {
    ...row,
    importance,
    skip: subject => explainSkip(subject, wish),
    async run(subject) {
      const findings: Finding[] = []
      for (const parameters of listPossible(subject, wish)) {
        findings.push(...(await verifyImage(subject, parameters)))
      }
      return findings
    },
  }
}

/** The same section in both versions. */
export function both(section: string): Readonly<Record<ImageApiVersion, string>> {
  return { 2: section, 3: section }
}

/** Asks for a part of the image, or for all of it where the server promises no parts. */
export function askPart(
  subject: Subject,
  format: (region: string, size: string) => string,
): readonly string[] {
  if (!subject.promises({ feature: 'regionByPx' })) return [format('full', smallSize(subject, subject.size))]
  const box = chooseBox(subject.size)
  return [format(formatBox(box), smallSize(subject, box))]
}

/** A small part of the image, to be asked for larger than it is. */
export function chooseSmallBox({ size }: Subject, divisor: number): Box {
  return {
    ...chooseBox(size),
    width: shrink(size.width, divisor),
    height: shrink(size.height, divisor),
  }
}

/** A fraction of a side, and not too much to ask for. */
export function shrink(side: number, divisor: number): number {
  return Math.max(1, Math.min(300, Math.floor(side / divisor)))
}

function listPossible(subject: Subject, wish: Wish): readonly string[] {
  return wish(subject).filter(parameters => isPossible(subject, parameters))
}

function explainSkip(subject: Subject, wish: Wish): string | undefined {
  if (wish(subject).length === 0) return 'the service offers nothing of the kind'
  return listPossible(subject, wish).length === 0
    ? 'the image is too small for it, or the limits forbid it'
    : undefined
}
