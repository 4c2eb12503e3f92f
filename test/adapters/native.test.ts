// What hooks of the application are told as the request of the framework: the very thing that its middleware knows.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow } from '../../src/access/result.js'
import type { ImageService } from '../../src/service.js'
import { doors } from './doors.js'
import { type Running, start, tls } from './server.js'
import { createService } from './site.js'

describe.each(doors)('$name', door => {
  if ((door.transport === 'https' || door.transport === 'h2') && tls === undefined) {
    it.skip('is not tested: openssl is missing')
    return
  }
  const told: unknown[] = []
  const seen: unknown[] = []
  let service: ImageService
  let running: Running

  beforeAll(async () => {
    service = createService(undefined, {
      authenticate: ({ native }) => void told.push(native),
      authorize: ({ native }) => {
        told.push(native)
        return allow()
      },
    })
    running = await start(door.transport, door.listen({ service, mounts: [], log: [], seen }))
  })

  afterAll(async () => {
    await running.close()
    await service.close()
  })

  it('hands on what middleware before it has seen', async () => {
    const reply = await running.send('/iiif/3/plain.png/full/max/0/default.jpg')
    expect(reply.status).toBe(200)
    // Once to find out who asks, and in each of the two stages.
    expect(told).toHaveLength(3)
    expect(seen).toHaveLength(1)
    expect(seen[0]).toBeTypeOf('object')
    for (const native of told) expect(native).toBe(seen[0])
  })
})
