// The memory that all connections are read into: none of it may be found in an answer.
import { createServer, get, IncomingMessage } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyShared, createAgents } from '../../src/source/http-agents.js'

const server = createServer((request, response) => {
  const byte = Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('byte'))
  response.end(Buffer.alloc(200_000 + byte, byte))
})
const agents = createAgents(8)

beforeAll(() => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  agents.close()
  server.close()
})

/** What connections were read into. */
const memory = new Set<ArrayBufferLike>()
const heard = new WeakSet<Socket>()

function hear(socket: Socket): void {
  if (!heard.has(socket)) socket.on('data', (piece: Uint8Array) => memory.add(piece.buffer))
  heard.add(socket)
}

/** Asks for a body of one byte, and gives its pieces as they come. */
function ask(byte: number): Promise<Buffer[]> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: `/?byte=${byte}`, agent: agents.http }, answer => {
      const pieces: Buffer[] = []
      answer.on('data', piece => pieces.push(piece))
      answer.on('end', () => resolve(pieces))
      answer.on('error', reject)
    })
      .on('error', reject)
      .on('socket', hear)
  })
}

describe('many answers at a time', () => {
  it('come through one piece of memory, and are each as they were sent', async () => {
    const bytes = Array.from({ length: 100 }, (_, at) => at)
    const answers = await Promise.all(bytes.map(ask))
    expect(memory.size).toBe(1)
    for (const [byte, pieces] of answers.entries()) {
      expect(Buffer.concat(pieces).equals(Buffer.alloc(200_000 + byte, byte))).toBe(true)
      for (const { buffer } of pieces) expect(memory.has(buffer)).toBe(false)
    }
  })
})

describe('a Node that does not copy what it has read', () => {
  it('is made to', async () => {
    await ask(1)
    const [received = new ArrayBuffer(0)] = memory
    const answer = new IncomingMessage(new Socket())
    copyShared(answer)
    const piece = Buffer.from(received, 100, 50)
    piece.fill(7)
    answer.push(piece)
    answer.push(Buffer.from('other'))
    answer.push(null)
    piece.fill(8)
    const pieces: Uint8Array[] = []
    for await (const next of answer) pieces.push(next)
    expect(Buffer.concat(pieces).equals(Buffer.concat([Buffer.alloc(50, 7), Buffer.from('other')]))).toBe(
      true,
    )
  })
})
