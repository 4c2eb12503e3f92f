/* A real nginx on loopback that serves a folder, and counts by its log what was asked of it. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { takePort } from '../port.js'

/** @typedef {{ requests: number, bytes: number }} Traffic */
/** @typedef {{ origin: string, reset: () => Promise<void>, read: () => Promise<Traffic>, stop: () => Promise<void> }} Store */

/**
 * @param {string} folder
 * @returns {Promise<Store>}
 */
export async function startNginx(folder) {
  const home = await mkdtemp(join(tmpdir(), 'honeydew-nginx-'))
  const log = join(home, 'access.log')
  const port = await takePort()
  await writeFile(log, '')
  await writeFile(join(home, 'nginx.conf'), formatConfig(home, folder, port))
  const child = spawn('nginx', ['-c', join(home, 'nginx.conf'), '-p', home, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const failed = new Promise((_, reject) => {
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`nginx ended with ${code}`)))
  })
  failed.catch(() => {})
  const origin = `http://127.0.0.1:${port}`
  await Promise.race([waitFor(`${origin}/ready`), failed])
  return {
    origin,
    reset: () => truncate(log),
    async read() {
      const lines = (await readFile(log, 'latin1')).split('\n').filter(Boolean)
      return { requests: lines.length, bytes: lines.reduce((sum, line) => sum + Number(line), 0) }
    },
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await new Promise(resolve => child.once('exit', resolve))
      }
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** @param {string} url */
async function waitFor(url) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error('nginx does not answer.')
}

/** @param {string} home @param {string} folder @param {number} port */
function formatConfig(home, folder, port) {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
pid ${home}/nginx.pid;
error_log stderr error;
worker_processes 1;
events { worker_connections 256; }
http {
  log_format bytes '$body_bytes_sent';
  access_log ${home}/access.log bytes;
  keepalive_timeout 60s;
  keepalive_requests 1000000;
  ${kinds.map(kind => `${kind}_temp_path ${home}/${kind};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location = /ready { access_log off; return 200; }
    location / { root ${folder}; }
  }
}
`
}
