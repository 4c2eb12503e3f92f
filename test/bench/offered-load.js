/* Load that is offered, whatever becomes of it: requests begin at times of their own, and not when the last ones have been
   answered. Connections are taken up again; each request says by X-Forwarded-For which of many clients it comes from. */
import { connect } from 'node:net'
import { AnswerReader } from './answer-reader.js'

/** @typedef {{ path: string, client: string, kind: string }} Ask */
/** @typedef {{ kind: string, status: number, milliseconds: number, bytes: number }} Outcome - status 0: the connection broke */

const tickMs = 5
const bufferBytes = 128 * 1024

/** Asks one server. */
export class Offer {
  /** @param {number} port */
  constructor(port) {
    this.port = port
    /** @type {Connection[]} */
    this.idle = []
    /** @type {Set<Connection>} */
    this.all = new Set()
    /** @type {Outcome[]} */
    this.outcomes = []
  }

  /**
   * Offers requests at a rate.
   *
   * @param {number} perSecond
   * @param {number} seconds
   * @param {() => Ask} next - gives the next request
   */
  async run(perSecond, seconds, next) {
    const began = performance.now()
    let sent = 0
    while (performance.now() - began < seconds * 1000) {
      const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
      for (; sent < due; sent += 1) this.ask(next())
      await new Promise(resolve => setTimeout(resolve, tickMs))
    }
  }

  /**
   * Keeps a number of requests under way.
   *
   * @param {number} connections
   * @param {number} seconds
   * @param {() => Ask} next
   */
  async saturate(connections, seconds, next) {
    const end = performance.now() + seconds * 1000
    const lane = async () => {
      while (performance.now() < end) await this.ask(next())
    }
    await Promise.all(Array.from({ length: connections }, lane))
  }

  /**
   * @param {Ask} ask
   * @returns {Promise<Outcome>}
   */
  ask(ask) {
    const connection = this.idle.pop() ?? this.open()
    return new Promise(resolve => {
      connection.send(ask, outcome => {
        this.outcomes.push(outcome)
        if (this.all.has(connection)) this.idle.push(connection)
        resolve(outcome)
      })
    })
  }

  /** What was answered since the last call. */
  take() {
    return this.outcomes.splice(0)
  }

  /** How many requests are under way. */
  get pending() {
    return this.all.size - this.idle.length
  }

  open() {
    const connection = new Connection(this.port, () => {
      this.all.delete(connection)
      this.idle = this.idle.filter(other => other !== connection)
    })
    this.all.add(connection)
    return connection
  }

  close() {
    for (const connection of this.all) connection.socket.destroy()
  }
}

class Connection {
  /**
   * @param {number} port
   * @param {() => void} onClose
   */
  constructor(port, onClose) {
    /** @type {{ ask: Ask, began: number, settle: (outcome: Outcome) => void } | undefined} */
    this.waiting = undefined
    const reader = new AnswerReader(({ status, bytes }) => this.settle(status, bytes))
    const onread = {
      buffer: Buffer.alloc(bufferBytes),
      /** @param {number} length @param {Uint8Array} buffer */
      callback(length, buffer) {
        reader.read(Buffer.from(buffer.buffer, buffer.byteOffset, length))
        return true
      },
    }
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, onread })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      onClose()
      this.settle(0, 0)
    })
  }

  /**
   * @param {Ask} ask
   * @param {(outcome: Outcome) => void} settle
   */
  send(ask, settle) {
    this.waiting = { ask, began: performance.now(), settle }
    this.socket.write(
      `GET ${ask.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: ${ask.client}\r\n\r\n`,
      'latin1',
    )
  }

  /**
   * @param {number} status
   * @param {number} bytes
   */
  settle(status, bytes) {
    const { waiting } = this
    this.waiting = undefined
    if (!waiting) return
    const milliseconds = performance.now() - waiting.began
    waiting.settle({ kind: waiting.ask.kind, status, milliseconds, bytes })
  }
}

/**
 * @param {readonly Outcome[]} outcomes
 * @param {number} part
 */
export function percentile(outcomes, part) {
  const sorted = outcomes.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
}
