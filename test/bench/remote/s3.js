/* A store on loopback that speaks S3, in a process of its own as stores are, which counts what is asked of it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'

/** @typedef {import('../../../dist/source/s3-client.js').S3Connection} S3Connection */

/**
 * @param {string} folder - whose files are put into the store
 * @returns {Promise<import('./nginx.js').Store & { bucket: string, client: S3Connection }>}
 */
export async function startS3(folder) {
  const script = new URL('../servers/s3.js', import.meta.url)
  const child = fork(script, [folder], { execArgv: ['--no-warnings'] })
  const [{ bucket, client }] = await once(child, 'message')
  /** @param {'reset' | 'read'} question */
  const ask = async question => {
    child.send(question)
    const [traffic] = await once(child, 'message')
    return traffic
  }
  return {
    origin: client.endpoint,
    bucket,
    client,
    reset: async () => void (await ask('reset')),
    read: () => ask('read'),
    async stop() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}
