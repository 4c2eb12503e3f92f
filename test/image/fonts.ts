/* Whether this machine has fonts: without them no text can be drawn. */
import { resolveOverlay } from '../../src/image/overlay.js'
import { measureText } from '../../src/image/overlay-text.js'

const overlay = resolveOverlay({ kind: 'text', text: 'M' })

export const hasFonts: boolean =
  overlay.kind === 'text' &&
  (await measureText(overlay).then(
    () => true,
    () => false,
  ))
