/* Health: whether the service can do its work now, told by doing some. */
import type { ImageDescription } from './contracts.js'
import { createDebug } from './debug.js'
import { planRender } from './image/plan.js'
import { render } from './image/render.js'
import type { ProcessSettings } from './settings.js'

const debug = createDebug('health')

/** The state of a service; the names are those that monitors of IIIF servers know. */
export interface Health {
  /** `GREEN`: all is well. `RED`: no image can be made. */
  readonly color: 'GREEN' | 'RED'
  /** What is wrong, in words for the operator. */
  readonly message?: string
}

const gray: ImageDescription = {
  width: 2,
  height: 2,
  format: 'png',
  pages: 1,
  levels: [{ width: 2, height: 2, scaleFactor: 1 }],
  bands: 1,
  depth: 8,
  hasAlpha: false,
  colour: 'gray',
  orientation: 1,
  hasProfile: false,
}

/** Makes an image of four pixels and tells whether that worked. */
export async function checkRenderer({ encode }: ProcessSettings): Promise<Health> {
  const region = { x: 0, y: 0, width: 2, height: 2 }
  const rotation = { mirror: false, degrees: 0 }
  const plan = planRender(gray, { region, size: region, rotation, quality: 'default', format: 'jpg' }, encode)
  try {
    await render({ kind: 'raw', data: new Uint8Array(4), width: 2, height: 2, channels: 1, depth: 8 }, plan)
    return { color: 'GREEN' }
  } catch (error) {
    debug('the renderer failed: %o', error)
    return { color: 'RED', message: 'The renderer cannot make an image.' }
  }
}
