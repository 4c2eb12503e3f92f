/* All rows of the check, in the order in which they are asked. */
import type { Row } from './row.js'
import { errorRows } from './rows-error.js'
import { httpRows } from './rows-http.js'
import { imageRows } from './rows-image.js'
import { infoRows } from './rows-info.js'
import { tileRows } from './rows-tiles.js'

/** The rows. */
export const rows: readonly Row[] = [...infoRows, ...httpRows, ...imageRows, ...tileRows, ...errorRows]
