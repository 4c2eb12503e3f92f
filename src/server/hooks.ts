/* Hears what hooks of the configuration file answer: who asks, for the access log; and that one has failed, of which clients
   are told no more than that they may not see an image. */
import type { RequestFacts } from '../access/facts.js'
import { isIIIFError } from '../errors.js'
import type { ImageServiceOptions } from '../options.js'

/** What is heard of hooks. */
export interface HookListeners {
  /** `authenticate` has told who asks. */
  onUser(facts: RequestFacts, user: unknown): void
  /** A hook has thrown what is no refusal. */
  onFailure(facts: RequestFacts, name: string, error: unknown): void
}

/** Hears of the hooks among the options of an image service; what they answer stays as it is. */
export function listenToHooks(
  options: ImageServiceOptions,
  { onUser, onFailure }: HookListeners,
): ImageServiceOptions {
  const { authenticate, authorize } = options
  const failureOf =
    (name: string) =>
    (facts: RequestFacts, error: unknown): void => {
      if (!isIIIFError(error)) onFailure(facts, name, error)
    }
  return {
    ...options,
    ...(authenticate && { authenticate: listen(authenticate, onUser, failureOf('authenticate')) }),
    ...(authorize && { authorize: listen(authorize, () => {}, failureOf('authorize')) }),
  }
}

function listen<Facts, Answer>(
  hook: (facts: Facts) => Answer | PromiseLike<Answer>,
  onAnswer: (facts: Facts, answer: Answer) => void,
  onError: (facts: Facts, error: unknown) => void,
): (facts: Facts) => Answer | PromiseLike<Answer> {
  const hear = (facts: Facts, answer: Answer): Answer => {
    onAnswer(facts, answer)
    return answer
  }
  const fail = (facts: Facts, error: unknown): never => {
    onError(facts, error)
    throw error
  }
  return facts => {
    let answer: Answer | PromiseLike<Answer>
    try {
      answer = hook(facts)
    } catch (error) {
      return fail(facts, error)
    }
    // What is known at once is told at once: an answer that is in memory waits for nobody.
    return isPromise(answer)
      ? answer.then(
          value => hear(facts, value),
          error => fail(facts, error),
        )
      : hear(facts, answer)
  }
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
