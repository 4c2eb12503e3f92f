#!/usr/bin/env node
/* The program `honeydew`. */
import process from 'node:process'
import { interrupted, run } from './run.js'

const controller = new AbortController()
let received: NodeJS.Signals | undefined

// A terminal and npm both hand on Ctrl-C, so a signal that comes twice must not end the program while it tidies up.
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    received ??= name
    controller.abort()
  })
}

// Who reads the output has gone, as `head` does, or a terminal that was closed: the work is over.
process.stdout.on('error', error => {
  if (!('code' in error) || (error.code !== 'EPIPE' && error.code !== 'EIO')) throw error
  controller.abort()
})

run(process.argv.slice(2), {
  out: text => process.stdout.write(text),
  err: text => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  signal: controller.signal,
}).then(code => {
  process.exitCode = code
  if (code === interrupted && received) endBySignal(received)
})

/* Ends as who sent the signal expects; and at once, while an exit would wait for libvips, which cannot be stopped. */
function endBySignal(name: NodeJS.Signals): void {
  process.removeAllListeners(name)
  process.kill(process.pid, name)
}
