/* A word to who serves a folder for the first time: whether its images are slow to serve, and who knows what to do. */
import { diagnose } from '../doctor/diagnose.js'
import { quote } from '../doctor/prescribe.js'

/* Few, so that it costs next to nothing; the first ones, because more would cost a look at every folder. */
const maxImages = 12
const patienceMs = 5000

/** Looks at the first images of a folder; a sentence where most of them are slow to serve. Never rejects. */
export async function findHint(folder: string): Promise<string | undefined> {
  let [all, slow] = [0, 0]
  try {
    const signal = AbortSignal.timeout(patienceMs)
    for await (const { command } of diagnose(folder, { quick: true, signal })) {
      all += 1
      if (command !== undefined) slow += 1
      if (all === maxImages) break
    }
  } catch {
    // It is a hint: what cannot be read is told by who asks for it.
  }
  if (all === 0) return 'There are no images in the folder yet.'
  if (slow * 2 <= all) return undefined
  const which = all === 1 ? 'The image is' : `${slow} of the first ${all} images are`
  return `${which} slow to serve; what would make it better is told by: npx honeydew doctor ${quote(folder)}`
}
