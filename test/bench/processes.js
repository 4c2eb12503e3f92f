/* What the processes of a server have used, told by the kernel (proc(5)); on other systems than Linux nothing is told. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = Number(readCommand('getconf', ['CLK_TCK'])) || 100

/** @typedef {{ parent: number, milliseconds: number }} Stat */

/**
 * The processes and all their descendants.
 *
 * @param {readonly number[]} roots
 * @returns {number[]}
 */
export function listTree(roots) {
  const parents = new Map(listProcesses().map(pid => [pid, readStat(pid)?.parent]))
  const tree = new Set(roots)
  for (let size = 0; size !== tree.size; ) {
    size = tree.size
    for (const [pid, parent] of parents) if (parent !== undefined && tree.has(parent)) tree.add(pid)
  }
  return [...tree]
}

/**
 * The processor time that processes, and their children that have ended, have used up to now, in milliseconds.
 *
 * @param {readonly number[]} pids
 */
export function readProcessorTime(pids) {
  return pids.reduce((sum, pid) => sum + (readStat(pid)?.milliseconds ?? 0), 0)
}

/**
 * The largest memory that each of the processes has had, summed up, in megabytes.
 *
 * @param {readonly number[]} pids
 */
export function readPeakMemory(pids) {
  const kilobytes = pids.map(pid => Number(/VmHWM:\s*(\d+)/.exec(readProc(`${pid}/status`))?.[1] ?? 0))
  return kilobytes.reduce((sum, peak) => sum + peak, 0) / 1000
}

/** The processor time that the whole machine has used up to now, in milliseconds. */
export function readMachineTime() {
  const [user = 0, nice = 0, system = 0, , , interrupt = 0, softInterrupt = 0, stolen = 0] = readProc('stat')
    .split('\n', 1)
    .flatMap(line => line.split(/\s+/).slice(1))
    .map(Number)
  return ((user + nice + system + interrupt + softInterrupt + stolen) * 1000) / ticksPerSecond
}

/** @param {number} pid */
export function isRunning(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function listProcesses() {
  try {
    return readdirSync('/proc').filter(Number).map(Number)
  } catch {
    return []
  }
}

/**
 * @param {number} pid
 * @returns {Stat | undefined}
 */
function readStat(pid) {
  // The name of the program stands in parentheses and may hold anything; the third field follows it.
  const fields = readProc(`${pid}/stat`).split(') ').at(-1)?.split(' ')
  if (!fields || fields.length < 15) return undefined
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { parent: Number(fields[1]), milliseconds: (ticks * 1000) / ticksPerSecond }
}

/** @param {string} file */
function readProc(file) {
  try {
    return readFileSync(`/proc/${file}`, 'latin1')
  } catch {
    return ''
  }
}

/**
 * @param {string} command
 * @param {string[]} words
 */
function readCommand(command, words) {
  try {
    return execFileSync(command, words, { encoding: 'latin1' })
  } catch {
    return ''
  }
}
