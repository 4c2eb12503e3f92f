/* IIPImage: two FastCGI processes that share a socket, and nginx in front of them. This process only watches over them:
   it ends them when it is told to, or when the benchmark is gone. */
import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { takePort } from '../port.js'
import { isRunning } from '../processes.js'
import { readSettings, report } from './serve.js'

/** @type {{ folder: string, processes: number, program: string }} */
const { folder, processes, program } = readSettings()
const home = await mkdtemp(join(tmpdir(), 'honeydew-bench-iip-'))
const socket = join(home, 'socket')
/** @type {import('node:child_process').ChildProcess | undefined} */
let nginx
/** @type {number[]} */
let pids = []

process.once('disconnect', stop)
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop)

try {
  await startPrograms()
  const port = await takePort()
  await startNginx(port)
  report({ port, pids: [...pids, nginx?.pid ?? 0] })
} catch (error) {
  console.error(error)
  await stop()
}

async function startPrograms() {
  const list = join(home, 'pids')
  const env = {
    PATH: process.env.PATH,
    FILESYSTEM_PREFIX: `${folder}/`,
    MAX_IMAGE_CACHE_SIZE: '0',
    JPEG_QUALITY: '85',
    MAX_CVT: '20000',
    ALLOW_UPSCALING: '0',
    VERBOSITY: '0',
    LOGFILE: '/dev/null',
  }
  const words = ['-s', socket, '-F', `${processes}`, '-P', list, '--', program]
  await promisify(execFile)('spawn-fcgi', words, { env })
  pids = readFileSync(list, 'latin1').trim().split('\n').map(Number)
}

/** @param {number} port */
async function startNginx(port) {
  const config = join(home, 'nginx.conf')
  await writeFile(config, formatConfig(port))
  nginx = spawn('nginx', ['-c', config, '-p', home, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  nginx.once('error', error => console.error(error.message))
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error('nginx does not answer.')
}

/** @param {number} port */
function formatConfig(port) {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
pid ${home}/nginx.pid;
error_log stderr error;
worker_processes ${processes};
events { worker_connections 1024; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 60s;
  keepalive_requests 100000000;
  ${kinds.map(kind => `${kind}_temp_path ${home}/${kind};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location = /ready { return 200; }
    location /fcgi-bin/iipsrv.fcgi {
      fastcgi_pass unix:${socket};
      fastcgi_keep_conn off;
      fastcgi_buffers 32 64k;
      fastcgi_buffer_size 64k;
      fastcgi_max_temp_file_size 0;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param REQUEST_URI $request_uri;
      fastcgi_param SERVER_PROTOCOL $server_protocol;
      fastcgi_param HTTP_HOST $http_host;
    }
  }
}
`
}

async function stop() {
  if (nginx?.pid) nginx.kill('SIGTERM')
  for (const pid of pids) if (isRunning(pid)) process.kill(pid, 'SIGTERM')
  for (let attempt = 0; attempt < 100 && [...pids, nginx?.pid ?? 0].some(isAlive); attempt++) {
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  for (const pid of pids) if (isRunning(pid)) process.kill(pid, 'SIGKILL')
  await rm(home, { recursive: true, force: true })
  process.exit()
}

/** @param {number} pid */
function isAlive(pid) {
  return pid > 0 && isRunning(pid)
}
