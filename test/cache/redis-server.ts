// A real Redis on a socket in a temporary folder: it can be stopped and started again at the same address.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether Debian's `redis-server` is installed. */
export const hasRedis: boolean = spawnSync('redis-server', ['--version']).status === 0

/** A server that can be stopped and started. */
export interface RedisServer {
  /** Its socket. */
  readonly path: string
  /** Starts it, empty. */
  start(): Promise<void>
  /** Kills it. */
  stop(): Promise<void>
  /** Holds it as it is: it keeps connections and does not answer. */
  freeze(): void
  /** Lets it go on. */
  thaw(): void
  /** Kills it and removes its folder. */
  remove(): Promise<void>
}

/** Creates a server that is not yet started. */
export function createRedisServer(): RedisServer {
  const folder = join(tmpdir(), `honeydew-redis-${randomUUID()}`)
  const path = join(folder, 'socket')
  let child: ChildProcess | undefined
  const server: RedisServer = {
    path,
    async start() {
      mkdirSync(folder, { recursive: true })
      const words = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no', '--dir', folder]
      child = spawn('redis-server', words, { stdio: 'ignore' })
      for (let left = 500; !(await isListening(path)); left -= 1) {
        if (left === 0) throw new Error('redis-server does not listen')
        await new Promise(later => setTimeout(later, 20))
      }
    },
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      rmSync(path, { force: true })
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async remove() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return server
}

function isListening(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
