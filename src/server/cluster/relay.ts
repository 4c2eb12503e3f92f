/* The first process carries questions from one worker to others, and their answers back. */
import type { Answer, ToPrimary, ToWorker } from './messages.js'

/** Who can be asked. */
export interface Askable {
  /** Says something to the worker. */
  send(message: ToWorker): void
}

/** Carries questions and answers. */
export interface Relay {
  /** A worker asks; `targets` are to answer. */
  ask(
    from: Askable,
    message: Extract<ToPrimary, { readonly kind: 'ask' }>,
    targets: readonly Askable[],
  ): Promise<void>
  /** A worker answers. */
  take(from: Askable, message: Extract<ToPrimary, { readonly kind: 'answer' }>): void
  /** A worker is gone: nobody waits for it. */
  forget(worker: Askable): void
}

interface Waiting {
  readonly target: Askable
  settle(answer: Answer): void
}

/** Creates a relay. */
export function createRelay(): Relay {
  const waiting = new Map<number, Waiting>()
  let last = 0
  const put = (target: Askable, { question, boundMs }: Parameters<Relay['ask']>[1]): Promise<Answer> =>
    new Promise(resolve => {
      last += 1
      const id = last
      const settle = (answer: Answer): void => {
        clearTimeout(timer)
        waiting.delete(id)
        resolve(answer)
      }
      const timer = setTimeout(() => settle({ error: 'no answer' }), boundMs)
      waiting.set(id, { target, settle })
      target.send({ kind: 'question', id, question })
    })
  return {
    async ask(from, message, targets) {
      const answers = await Promise.all(targets.map(target => put(target, message)))
      from.send({ kind: 'answers', id: message.id, answers, asked: targets.length })
    },
    take(from, { id, answer }) {
      const found = waiting.get(id)
      if (found?.target === from) found.settle(answer)
    },
    forget(worker) {
      for (const { target, settle } of [...waiting.values()]) if (target === worker) settle({ error: 'gone' })
    },
  }
}
