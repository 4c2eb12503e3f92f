/* A worker asks its colleagues, by way of the first process. */
import type { Colleagues } from '../colleagues.js'
import type { Answer, Question, ToPrimary, ToWorker } from './messages.js'

/** Colleagues that are other processes. */
export interface RemoteColleagues extends Colleagues {
  /** The first process has brought answers. */
  take(message: Extract<ToWorker, { readonly kind: 'answers' }>): void
}

/* Monitors wait for some seconds. */
const reportMs = 2000
const taskMs = 10_000
/* All that is in a cache is looked through. */
const purgeMs = 600_000

interface Answers {
  readonly answers: readonly Answer[]
  readonly asked: number
}

/** Creates the colleagues of a worker. @param isLead - whether it does itself what is to be done once */
export function createRemoteColleagues(
  send: (message: ToPrimary) => void,
  isLead: boolean,
): RemoteColleagues {
  const waiting = new Map<number, (answers: Answers) => void>()
  let last = 0
  const ask = (to: 'others' | 'lead', question: Question, boundMs: number): Promise<Answers> =>
    new Promise(resolve => {
      last += 1
      waiting.set(last, resolve)
      send({ kind: 'ask', id: last, to, question, boundMs })
    })
  return {
    take({ id, answers, asked }) {
      waiting.get(id)?.({ answers, asked })
      waiting.delete(id)
    },
    async reports() {
      const { answers } = await ask('others', { what: 'report' }, reportMs)
      return answers.flatMap(answer => ('report' in answer ? [answer.report] : []))
    },
    async purge(target) {
      const { answers, asked } = await ask('others', { what: 'purge', target }, purgeMs)
      const done = answers.filter(answer => 'done' in answer)
      if (done.length < asked) throw new Error('A worker has not told that it has forgotten.')
    },
    ...(!isLead && {
      async askLead(request) {
        const { answers } = await ask('lead', { what: 'tasks', request }, taskMs)
        const [answer] = answers
        if (answer === undefined || !('reply' in answer)) throw new Error('The worker does not answer.')
        return answer.reply
      },
    }),
  }
}
