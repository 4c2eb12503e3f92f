/* A server on loopback that speaks S3, and counts what is asked of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3 } from '@aws-sdk/client-s3'
import S3rver from 's3rver'
import { afterAll } from 'vitest'

export const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' } as const

export interface S3TestServer {
  readonly client: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: typeof keys
    readonly forcePathStyle: true
  }
  /** The SDK. */
  readonly sdk: S3
  readonly seen: { method: string; url: string; status: number; headers: IncomingMessage['headers'] }[]
  /** Answers before the store does, where it is set; `false` leaves the request to it. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  put(key: string, bytes: Uint8Array): Promise<void>
}

const stops: (() => Promise<void>)[] = []

afterAll(async () => {
  await Promise.all(stops.map(stop => stop()))
})

/** Starts a store with a bucket `masters`; it ends with the tests. */
export async function startS3Server(): Promise<S3TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'honeydew-s3-'))
  const store = new S3rver({ directory, silent: true, configureBuckets: [{ name: 'masters', configs: [] }] })
  await store.configureBuckets()
  const listener = store.callback()
  const seen: S3TestServer['seen'] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    if (method === 'GET')
      response.once('finish', () => seen.push({ method, url, status: response.statusCode, headers }))
    if (!state.intercept?.(request, response)) listener(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = { endpoint, region: 'us-east-1', credentials: keys, forcePathStyle: true } as const
  const sdk = new S3({ ...client, maxAttempts: 1 })
  const state: S3TestServer = {
    client,
    sdk,
    seen,
    intercept: undefined,
    async put(key, bytes) {
      await sdk.putObject({ Bucket: 'masters', Key: key, Body: bytes })
    },
  }
  stops.push(async () => {
    sdk.destroy()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    await rm(directory, { recursive: true, force: true })
  })
  return state
}
