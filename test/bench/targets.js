/* The targets that honeydew has set itself, each a ratio of figures of one run: whether they are met. */

/** @typedef {import('./measure.js').Line} Line */
/** @typedef {import('./measure.js').RowResult} RowResult */
/** @typedef {{ target: string, what: string, bound: number, atLeast: boolean, measured?: number | undefined,
 *   byTime?: number | undefined, isMet?: boolean | undefined }} Verdict - without `measured`: what it compares was not
 *   there, or has failed; `byTime`: the same ratio told by processor time, which other programs disturb less */
/** @typedef {{ measured?: number, byTime?: number }} Ratio */
/** @typedef {(row: string, server: string) => Line | undefined} Find */

/**
 * @param {readonly RowResult[]} results
 * @returns {Verdict[]}
 */
export function judge(results) {
  /** @type {Find} */
  const find = (row, server) =>
    results
      .find(({ id }) => id === row)
      ?.lines.find(line => (line.server === server || line.label.startsWith(server)) && !line.failure)
  const verdicts = [
    ...judgeTiles(find),
    ...judgeJoins(find),
    ...judgeRendering(find),
    atLeast('P6', 'memory cache / bare', 0.7, faster(find('cached', 'cached-1'), find('cached', 'bare-1'))),
    atLeast('P6', 'info.json / bare', 0.7, faster(find('info', 'honeydew-1'), find('info', 'bare-1'))),
    judgeMemory(find),
    ...judgeScaling(find),
  ]
  return verdicts.map(verdict => ({ ...verdict, isMet: isMet(verdict) }))
}

/** @param {Find} find */
function judgeTiles(find) {
  const [full, tiles] = [find('full-tiles', 'honeydew-1'), find('tiles', 'honeydew-1')]
  const two = find('tiles', 'honeydew-2')
  const [old, recent] = [find('tiles', 'IIPImage 1.1'), find('tiles', 'IIPImage 1.3')]
  return [
    atLeast('P1', 'full tiles, 1 process / bare', 0.4, faster(full, find('full-tiles', 'bare-1'))),
    atLeast(
      'P1',
      'full tiles, 1 process / iiif-processor',
      400,
      faster(full, find('full-tiles', 'iiif-processor')),
    ),
    atLeast('P2', 'tiles with edges, 1 process / bare', 0.2, faster(tiles, find('tiles', 'bare-1'))),
    atLeast('P2', 'tiles with edges, 2 processes / IIPImage 1.1', 6, faster(two, old)),
    atLeast('P2', 'tiles with edges, 2 processes / IIPImage 1.3', 2, faster(two, recent)),
    atMost('P2', 'tiles with edges, p99 / that of IIPImage 1.1', 1, old && two && two.p99 / old.p99),
    atMost('P2', 'tiles with edges, p99 / that of IIPImage 1.3', 1, recent && two && two.p99 / recent.p99),
  ]
}

/** @param {Find} find */
function judgeJoins(find) {
  return ['512', '1024'].flatMap(side => {
    const row = `join-${side}`
    const [two, sharp] = [find(row, 'honeydew-2'), find(row, 'sharp-2')]
    const time = two && sharp && two.milliseconds / sharp.milliseconds
    return [
      atLeast(
        'P3',
        `${side} from 256, 2 processes / IIPImage 1.1`,
        1.5,
        faster(two, find(row, 'IIPImage 1.1')),
      ),
      atMost('P3', `${side} from 256, processor time / that of sharp`, 0.5, time),
    ]
  })
}

/** @param {Find} find */
function judgeRendering(find) {
  /** @param {string} row @param {string} peer */
  const compare = (row, peer) => faster(find(row, 'honeydew-2'), find(row, peer))
  return [
    atLeast('P4', 'full/max, 2 processes / IIPImage 1.1', 2, compare('full', 'IIPImage 1.1')),
    atLeast('P4', 'full/max, 2 processes / iiif-processor', 5, compare('full', 'iiif-processor')),
    atLeast('P5', 'thumbnails, 2 processes / sharp', 1.2, compare('thumbnails', 'sharp-2')),
    atLeast('P5', 'thumbnails, 2 processes / IIPImage 1.1', 1, compare('thumbnails', 'IIPImage 1.1')),
    atLeast('P5', 'deflate tiles, 2 processes / sharp', 1.2, compare('deflate', 'sharp-2')),
    atLeast('P5', 'odd crops, 2 processes / sharp', 1.2, compare('crops', 'sharp-2')),
  ]
}

/** @param {Find} find */
function judgeMemory(find) {
  const rows = ['full-tiles', 'tiles', 'join-512', 'join-1024', 'stored-512', 'deflate']
  const peaks = rows
    .map(row => find(row, 'honeydew-1')?.megabytes)
    .filter(peak => peak !== undefined && peak > 0)
  return atMost(
    'P9',
    'peak memory of 1 process, MB',
    150,
    peaks.length > 0 ? Math.max(...peaks.map(Number)) : undefined,
  )
}

/**
 * The load tool and two processes share the cores of a small machine, so that requests a second would tell how much the
 * load tool takes. What a second process adds when nothing else runs is told by the processor time of a request, which
 * must not grow: with twice the time to spend, twice the requests.
 *
 * @param {Find} find
 */
function judgeScaling(find) {
  return [
    ['tiles', 'tiles with edges'],
    ['join-512', '512 from 256'],
    ['join-1024', '1024 from 256'],
  ].map(([row = '', title]) => {
    const [one, two] = [find(row, 'honeydew-1'), find(row, 'honeydew-2')]
    const ratio = faster(two, one)
    const measured = ratio.byTime && 2 * ratio.byTime
    return atLeast(
      'P10',
      `${title}, 2 × processor time of 1 process / of 2`,
      1.8,
      measured ? { measured } : {},
    )
  })
}

/**
 * How many times the requests a second of another line.
 *
 * @param {Line | undefined} one
 * @param {Line | undefined} other
 * @returns {Ratio}
 */
function faster(one, other) {
  if (!one || !other) return {}
  return { measured: one.perSecond / other.perSecond, byTime: other.milliseconds / one.milliseconds }
}

/**
 * @param {string} target
 * @param {string} what
 * @param {number} bound
 * @param {Ratio} ratio
 * @returns {Verdict}
 */
function atLeast(target, what, bound, ratio) {
  return { target, what, bound, atLeast: true, ...ratio }
}

/**
 * @param {string} target
 * @param {string} what
 * @param {number} bound
 * @param {number | undefined} measured
 * @returns {Verdict}
 */
function atMost(target, what, bound, measured) {
  return { target, what, bound, atLeast: false, measured }
}

/** @param {Verdict} verdict */
function isMet({ measured, bound, atLeast }) {
  if (measured === undefined || !Number.isFinite(measured)) return undefined
  return atLeast ? measured >= bound : measured <= bound
}
