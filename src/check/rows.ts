/* All rows of the check, in the order in which they are asked. */
import type { Row } from './row.js'
import { errorRows } from './rows-error.js'
import { httpRows } from './rows-http.js'
import { imageRows } from './rows-image.js'
import { infoRows } from './rows-info.js'
import { offerRows } from './rows-offer.js'
import { sizeRows } from './rows-size.js'
import { tileRows } from './rows-tiles.js'

/** The rows. */
export const rows: readonly Row[] = [
  ...infoRows,
  ...offerRows,
  ...httpRows,
  ...imageRows,
  ...sizeRows,
  ...tileRows,
  ...errorRows,
]
