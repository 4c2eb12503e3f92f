/* How much of the machine this process may use. Containers and systemd give it less than there is, by control groups of
   Linux: of processor time Node 20 says nothing, and of memory it looks at the innermost group only, while all count. */
import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** What a process may use. */
export interface Machine {
  /** For how many processors there is work at the same time; a part of one counts as one. */
  readonly processors: number
  /** The memory, in bytes. */
  readonly memoryBytes: number
}

/** What control groups allow; `Infinity` where they say nothing. */
export interface GroupLimits {
  /** The time of how many processors, for example 1.5. */
  readonly processors: number
  /** The memory, in bytes. */
  readonly memoryBytes: number
}

/**
 * Tells what this process may use: the least of what the machine has, what its processors are pinned to, and what the
 * control groups around it allow. It is read anew each time, because limits can be changed while a process runs.
 *
 * @param root - where `proc` and the file systems that are mounted are found
 */
export function readMachine(root: string = '/'): Machine {
  const limits = readGroupLimits(root)
  // Without a limit Node tells 0, or more than any machine has.
  const constrained = process.constrainedMemory() || Infinity
  return {
    processors: Math.max(1, Math.min(availableParallelism(), Math.ceil(limits.processors))),
    memoryBytes: Math.min(totalmem(), constrained, limits.memoryBytes),
  }
}

/**
 * Reads what control groups allow, of version 1 and 2, from the group of this process up to the outermost one that it
 * can see. What cannot be read is no limit.
 *
 * @param root - where `proc` and the file systems that are mounted are found
 */
export function readGroupLimits(root: string = '/'): GroupLimits {
  const folders = listFolders(root)
  return {
    processors: Math.min(...folders.map(readProcessors)),
    memoryBytes: Math.min(...folders.map(readMemory)),
  }
}

/* Version 2: "$MAX $PERIOD"; version 1 has a file for each, and -1 for no limit. */
function readProcessors(folder: string): number {
  const [quota, period] = (read(folder, 'cpu.max') ?? '').split(' ')
  return Math.min(
    divide(quota, period),
    divide(read(folder, 'cpu.cfs_quota_us'), read(folder, 'cpu.cfs_period_us')),
  )
}

function divide(quota: string | undefined, period: string | undefined): number {
  const microseconds = parseLimit(period)
  return microseconds === Infinity ? Infinity : parseLimit(quota) / microseconds
}

/* Above `high` the kernel takes memory back and slows the process down: too late to plan with. */
function readMemory(folder: string): number {
  const names = ['memory.max', 'memory.high', 'memory.limit_in_bytes']
  return Math.min(...names.map(name => parseLimit(read(folder, name))))
}

/* No limit is "max" in version 2; in version 1 it is -1, or more than any machine has. */
function parseLimit(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d*$/.test(text) ? Number(text) : Infinity
}

/* The folders of the groups that this process is in, as it sees them. */
function listFolders(root: string): string[] {
  const groups = new Map<string, string>()
  for (const line of (read(root, 'proc/self/cgroup') ?? '').split('\n')) {
    // "4:cpu,cpuacct:/path"; version 2 is "0::/path".
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    for (const name of (controllers ?? '').split(',')) if (path !== undefined) groups.set(name, path)
  }
  return (read(root, 'proc/self/mountinfo') ?? '').split('\n').flatMap(line => {
    const mount = parseMount(line)
    const path = mount && groups.get(mount.controller)
    return mount && path !== undefined
      ? listUpwards(join(root, mount.point), stripBase(path, mount.base))
      : []
  })
}

interface Mount {
  /** What it limits: `cpu` or `memory`; empty in version 2, where it is all. */
  readonly controller: string
  /** The group that is seen at the mount point. */
  readonly base: string
  /** The mount point. */
  readonly point: string
}

/* "31 23 0:28 <base> <point> <options> <fields...> - <type> <source> <super options>" (proc(5)) */
const mountShape = /^\d+ \d+ \S+ (\S+) (\S+) .*?- (cgroup2?) \S+ (\S+)$/

function parseMount(line: string): Mount | undefined {
  const [, base, point, type, options = ''] = mountShape.exec(line) ?? []
  if (base === undefined || point === undefined) return undefined
  const limited = options.split(',').find(option => option === 'cpu' || option === 'memory')
  const controller = type === 'cgroup' ? limited : ''
  return controller === undefined ? undefined : { controller, base: decode(base), point: decode(point) }
}

/* White space and backslashes are written in octal. */
function decode(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

/* The path of a group from the mount point; a group that is not below it is told by the mount point itself. */
function stripBase(path: string, base: string): string[] {
  const [names, above] = [path, base].map(text => text.split('/').filter(Boolean)) as [string[], string[]]
  const isBelow = above.every((name, index) => names[index] === name) && !names.includes('..')
  return isBelow ? names.slice(above.length) : []
}

function listUpwards(point: string, names: readonly string[]): string[] {
  return Array.from({ length: names.length + 1 }, (_, depth) => join(point, ...names.slice(0, depth)))
}

function read(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8').trim()
  } catch {
    return undefined
  }
}
