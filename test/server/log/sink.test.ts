import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { createStreamSink } from '../../../src/server/log/sink.js'

it('listens to a stream of the process once, however often its log is opened anew', async () => {
  const stream = new PassThrough()
  for (let times = 0; times < 20; times += 1) await createStreamSink(stream).close()
  expect(stream.listenerCount('error')).toBe(1)
  expect(() => stream.emit('error', new Error('Who read it has gone.'))).not.toThrow()
})
