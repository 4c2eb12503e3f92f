/* Reads the answers that come over one connection, as little of them as is needed to know where each ends (RFC 9112).
   It shares the processors with the servers that it measures, so it neither copies nor parses more than that. */

const headEnd = Buffer.from('\r\n\r\n')
const lineEnd = 10

/** @typedef {{ status: number, bytes: number }} Answer */

/** Creates a reader; `onAnswer` is called when an answer is complete. */
export class AnswerReader {
  /** @param {(answer: Answer) => void} onAnswer */
  constructor(onAnswer) {
    this.onAnswer = onAnswer
    this.answer = { status: 0, bytes: 0 }
    /** The part of a head that has come, when the rest has not. @type {Buffer | undefined} */
    this.head = undefined
    /** How many bytes of the body, or of the current chunk of it, are still to come; -1: a head is to come. */
    this.missing = -1
    this.isChunked = false
    /** What has come of a line with the size of a chunk. */
    this.line = ''
  }

  /** @param {Buffer} bytes - valid only during the call */
  read(bytes) {
    let at = 0
    while (at < bytes.length) {
      if (this.missing === -1) at = this.readHead(bytes, at)
      else if (this.missing > 0) at = this.skipBody(bytes, at)
      else at = this.readChunkSize(bytes, at)
    }
  }

  /**
   * @param {Buffer} bytes
   * @param {number} at
   */
  readHead(bytes, at) {
    const before = this.head?.length ?? 0
    const head = this.head ? Buffer.concat([this.head, bytes.subarray(at)]) : bytes.subarray(at)
    const end = head.indexOf(headEnd)
    if (end === -1) {
      this.head = Buffer.from(head)
      return bytes.length
    }
    this.head = undefined
    const text = head.toString('latin1', 0, end)
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)
    this.answer.status = Number(text.slice(9, 12))
    this.isChunked = !length && /\r\ntransfer-encoding: *chunked/i.test(text)
    if (!length && !this.isChunked) throw new Error(`The end of an answer cannot be known: ${text}`)
    this.missing = length ? Number(length[1]) : 0
    this.answer.bytes = this.missing
    if (!this.isChunked && this.missing === 0) this.finish()
    return at + end + headEnd.length - before
  }

  /**
   * @param {Buffer} bytes
   * @param {number} at
   */
  skipBody(bytes, at) {
    const taken = Math.min(this.missing, bytes.length - at)
    this.missing -= taken
    if (this.missing === 0 && !this.isChunked) this.finish()
    return at + taken
  }

  /**
   * @param {Buffer} bytes
   * @param {number} at
   */
  readChunkSize(bytes, at) {
    const end = bytes.indexOf(lineEnd, at)
    this.line += bytes.toString('latin1', at, end === -1 ? bytes.length : end)
    if (end === -1) return bytes.length
    const line = this.line.trim()
    this.line = ''
    // After each chunk, and after the last one, stands an empty line.
    if (line !== '') {
      const size = Number.parseInt(line, 16)
      this.isLast = size === 0
      this.missing = size
      this.answer.bytes += size
    } else if (this.isLast) this.finish()
    return end + 1
  }

  finish() {
    this.missing = -1
    this.isLast = false
    this.onAnswer(this.answer)
  }
}
