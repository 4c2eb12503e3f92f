/* The load tool, seen from the benchmark: a process of its own that is told what to ask for. */
import { fork } from 'node:child_process'

/** @typedef {import('./load-process.js').Tally} Tally */

/** Starts the process; whoever starts it stops it. One request at a time. */
export function startLoad() {
  // A larger nursery: short garbage collections would otherwise show up as latencies of the servers.
  const child = fork(new URL('./load-process.js', import.meta.url), {
    execArgv: ['--max-semi-space-size=64'],
  })
  /** Whoever waits for an answer. @type {{ resolve: (reply: any) => void, reject: (error: Error) => void } | undefined} */
  let waiting
  child.on('message', reply => waiting?.resolve(reply))
  child.on('error', error => waiting?.reject(error))
  child.on('exit', () => waiting?.reject(new Error('The load tool has ended.')))
  /**
   * @param {object} message
   * @returns {Promise<any>}
   */
  const request = message =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject }
      child.send(message, error => error && reject(error))
    })
  return {
    /**
     * @param {string} name
     * @param {import('./load-process.js').Target} target
     * @returns {Promise<void>}
     */
    add: (name, target) => request({ add: { ...target, name } }),
    /**
     * @param {import('./load-process.js').Job} job
     * @returns {Promise<Tally>}
     */
    run: job => request({ run: job }),
    stop: () => child.kill(),
  }
}

/** @typedef {ReturnType<typeof startLoad>} Load */
