// A real server that speaks S3, in a process of its own, and in front of it a proxy that makes its answers fail.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'

/** What the proxy does with answers. */
export type Fault =
  | 'none'
  | 'answers 500'
  | 'answers 503'
  | 'hangs'
  | 'hangs in the body'
  | 'cuts bodies'
  | 'cuts bodies and says that they are whole'
  | 'changes a bit'

/** A bucket on loopback. */
export interface S3Server {
  /** Where the proxy listens. */
  readonly endpoint: string
  /** The methods and paths of the requests that came. */
  readonly requests: string[]
  /** What happens to answers from now on. */
  fault: Fault
  /** A client that asks the proxy. */
  connect(maxAttempts?: number): S3Client
  /** Ends both. */
  close(): Promise<void>
}

/** The name of the bucket. */
export const bucket = 'tiles'

/** Starts a server with an empty bucket. */
export async function startS3Server(): Promise<S3Server> {
  const folder = mkdtempSync(join(tmpdir(), 'honeydew-s3-'))
  mkdirSync(join(folder, bucket))
  const { child, port } = await startS3rver(folder)
  const proxy = createServer((message, response) => {
    server.requests.push(`${message.method} ${message.url?.replace(/\?.*/, '')}`)
    forward(message, response, port, server.fault)
  })
  await new Promise<void>(done => proxy.listen(0, '127.0.0.1', done))
  const endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const clients: S3Client[] = []
  const server: S3Server = {
    endpoint,
    requests: [],
    fault: 'none',
    connect(maxAttempts = 1) {
      const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
      const client = new S3Client({ region: 'any', endpoint, forcePathStyle: true, credentials, maxAttempts })
      clients.push(client)
      return client
    },
    async close() {
      for (const client of clients) client.destroy()
      proxy.closeAllConnections()
      await new Promise(done => proxy.close(done))
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return server
}

/* It makes its continuation tokens with DES, which OpenSSL has not had by default since version 3. */
async function startS3rver(folder: string): Promise<{ child: ChildProcess; port: number }> {
  const program = resolve(import.meta.dirname, '../../node_modules/s3rver/bin/s3rver.js')
  const words = [
    '--openssl-legacy-provider',
    '--no-deprecation',
    program,
    '-d',
    folder,
    '-a',
    '127.0.0.1',
    '-p',
    '0',
    '--silent',
  ]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  const port = await new Promise<number>((listening, failed) => {
    child.once('exit', () => failed(new Error(`s3rver ended: ${output}`)))
    child.stdout.on('data', chunk => {
      output += chunk
      const [, found] = /127\.0\.0\.1:(\d+)/.exec(output) ?? []
      if (found) listening(Number(found))
    })
  })
  return { child, port }
}

function forward(message: IncomingMessage, response: ServerResponse, port: number, fault: Fault): void {
  if (fault === 'hangs') return
  if (fault === 'answers 500' || fault === 'answers 503') {
    message.resume()
    const code = fault === 'answers 500' ? 'InternalError' : 'SlowDown'
    response.writeHead(Number(fault.slice(-3)), { 'content-type': 'application/xml' })
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`)
    return
  }
  const { method, url, headers } = message
  const asked = request({ host: '127.0.0.1', port, method, path: url, headers }, answer => {
    const chunks: Buffer[] = []
    answer.on('data', chunk => chunks.push(chunk))
    answer.on('end', () => spoil(Buffer.concat(chunks), answer, response, fault))
  })
  asked.on('error', () => response.destroy())
  message.pipe(asked)
}

function spoil(body: Buffer, answer: IncomingMessage, response: ServerResponse, fault: Fault): void {
  const half = body.subarray(0, body.byteLength >> 1)
  const { statusCode = 500, headers } = answer
  if (fault === 'cuts bodies and says that they are whole') {
    response.writeHead(statusCode, { ...headers, 'content-length': half.byteLength })
    response.end(half)
    return
  }
  response.writeHead(statusCode, headers)
  if (fault === 'hangs in the body') response.write(half)
  else if (fault === 'cuts bodies') response.write(half, () => response.destroy())
  else response.end(fault === 'changes a bit' ? changeBit(body) : body)
}

function changeBit(body: Buffer): Buffer {
  const changed = Buffer.from(body)
  if (changed.byteLength > 0)
    changed.writeUInt8(changed.readUInt8(changed.byteLength >> 1) ^ 1, changed.byteLength >> 1)
  return changed
}
