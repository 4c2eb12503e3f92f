/* What the kernel tells is read from a folder that stands for the file systems of a container and, where this machine lets
   it be done, from real control groups. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { readGroupLimits, readMachine } from '../../src/schedule/machine.js'

const mib = 2 ** 20
const none = { processors: Infinity, memoryBytes: Infinity }

const folder = mkdtempSync(join(tmpdir(), 'honeydew-machine-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes files below a root of their own, and gives the root. */
function createRoot(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(folder, 'root-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), `${text}\n`)
  }
  return root
}

/* As Docker and systemd mount them, in a mount table with others. */
const mountTable = (...lines: string[]): string =>
  [
    '22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw',
    ...lines,
    '40 31 0:37 / /sys/fs/cgroup/systemd ro master:8 - cgroup cgroup rw,xattr,name=systemd',
  ].join('\n')
const version2 = '29 23 0:26 / /sys/fs/cgroup rw,nosuid,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate'
const version1 = (base: string): string[] => [
  `33 31 0:29 ${base} /sys/fs/cgroup/cpu,cpuacct ro,nosuid master:11 - cgroup cgroup rw,cpu,cpuacct`,
  `36 31 0:32 ${base} /sys/fs/cgroup/memory ro,nosuid master:15 - cgroup cgroup rw,memory`,
]
const groups1 = (path: string): string =>
  `5:memory:${path}\n4:cpu,cpuacct:${path}\n1:name=systemd:${path}\n0::/`

type Case = readonly [title: string, files: Readonly<Record<string, string>>, limits: object]

describe('the limits of control groups, version 2', () => {
  const [mounts, groups] = ['proc/self/mountinfo', 'proc/self/cgroup']
  const inside = { [mounts]: mountTable(version2), [groups]: '0::/' }
  const nested = { [mounts]: mountTable(version2), [groups]: '0::/site.slice/honeydew.service' }

  it.each<Case>([
    ['are none where there are no files', {}, none],
    ['are none where the groups have none', inside, none],
    [
      'are none where all is allowed',
      { ...inside, 'sys/fs/cgroup/cpu.max': 'max 100000', 'sys/fs/cgroup/memory.max': 'max' },
      none,
    ],
    [
      'are those of the container',
      {
        ...inside,
        'sys/fs/cgroup/cpu.max': '150000 100000',
        'sys/fs/cgroup/memory.max': `${512 * mib}`,
        'sys/fs/cgroup/memory.high': 'max',
      },
      { processors: 1.5, memoryBytes: 512 * mib },
    ],
    [
      'count the memory from where the kernel begins to take it back',
      { ...inside, 'sys/fs/cgroup/memory.max': `${512 * mib}`, 'sys/fs/cgroup/memory.high': `${400 * mib}` },
      { processors: Infinity, memoryBytes: 400 * mib },
    ],
    [
      'are the least of all groups around the process, each of them for itself',
      {
        ...nested,
        'sys/fs/cgroup/site.slice/cpu.max': '50000 200000',
        'sys/fs/cgroup/site.slice/memory.max': 'max',
        'sys/fs/cgroup/site.slice/honeydew.service/cpu.max': '300000 100000',
        'sys/fs/cgroup/site.slice/honeydew.service/memory.max': `${64 * mib}`,
        'sys/fs/cgroup/memory.max': `${32 * mib}`,
      },
      { processors: 0.25, memoryBytes: 32 * mib },
    ],
    [
      'are those at the mount point for a process that was moved out of what it can see',
      { ...inside, [groups]: '0::/../other', 'sys/fs/cgroup/cpu.max': '100000 100000' },
      { processors: 1, memoryBytes: Infinity },
    ],
    [
      'are found in a folder whose name has a space',
      {
        [mounts]: mountTable('29 23 0:26 / /mnt/c\\040g rw - cgroup2 none rw'),
        [groups]: '0::/a b',
        'mnt/c g/a b/cpu.max': '20000 10000',
      },
      { processors: 2, memoryBytes: Infinity },
    ],
    [
      'are none where nobody understands them',
      { ...inside, 'sys/fs/cgroup/cpu.max': '100000 0', 'sys/fs/cgroup/memory.max': 'much' },
      none,
    ],
  ])('%s', (_, files, limits) => {
    expect(readGroupLimits(createRoot(files))).toEqual(limits)
  })
})

describe('the limits of control groups, version 1', () => {
  const own = (path: string, base: string) => ({
    'proc/self/mountinfo': mountTable(...version1(base)),
    'proc/self/cgroup': groups1(path),
  })
  const limits = (path: string) => ({
    [`sys/fs/cgroup/cpu,cpuacct${path}/cpu.cfs_quota_us`]: '250000',
    [`sys/fs/cgroup/cpu,cpuacct${path}/cpu.cfs_period_us`]: '100000',
    [`sys/fs/cgroup/memory${path}/memory.limit_in_bytes`]: `${256 * mib}`,
  })

  it.each<Case>([
    [
      'are none where all is allowed',
      {
        ...own('/', '/'),
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1',
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
      },
      none,
    ],
    [
      'are those of the container, whose group is the mount point',
      { ...own('/docker/f00d', '/docker/f00d'), ...limits('') },
      { processors: 2.5, memoryBytes: 256 * mib },
    ],
    [
      'are those of a group that is seen from outside',
      { ...own('/docker/f00d', '/'), ...limits('/docker') },
      { processors: 2.5, memoryBytes: 256 * mib },
    ],
    [
      'are those at the mount point where the group is elsewhere',
      { ...own('/docker/f00d', '/kubepods'), ...limits('') },
      { processors: 2.5, memoryBytes: 256 * mib },
    ],
  ])('%s', (_, files, expected) => {
    expect(readGroupLimits(createRoot(files))).toEqual(expected)
  })
})

describe('what this process may use', () => {
  afterEach(() => void vi.restoreAllMocks())

  const limited = (cpu: string, memory: string): string =>
    createRoot({
      'proc/self/mountinfo': mountTable(version2),
      'proc/self/cgroup': '0::/',
      'sys/fs/cgroup/cpu.max': cpu,
      'sys/fs/cgroup/memory.max': memory,
    })

  it.each<[cpu: string, processors: number]>([
    ['10000 100000', 1],
    ['100000 100000', 1],
    ['110000 100000', Math.min(2, availableParallelism())],
    ['99900000 100000', availableParallelism()],
    ['max 100000', availableParallelism()],
  ])('is work for whole processors: %s', (cpu, processors) => {
    expect(readMachine(limited(cpu, 'max')).processors).toBe(processors)
  })

  it('is no more memory than the machine has', () => {
    expect(readMachine(limited('max 100000', `${2 ** 50}`)).memoryBytes).toBeLessThanOrEqual(totalmem())
    expect(readMachine(limited('max 100000', `${64 * mib}`)).memoryBytes).toBe(64 * mib)
  })

  it.each([
    ['a limit of Node’s own finding', 32 * mib, 32 * mib],
    ['none', 0, 64 * mib],
    ['one that no machine has', 2 ** 60, 64 * mib],
    ['a Node that cannot tell', undefined, 64 * mib],
  ])('heeds %s', (_, constrained, expected) => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(constrained as number)
    expect(readMachine(limited('max 100000', `${64 * mib}`)).memoryBytes).toBe(expected)
  })
})

/* Version 1 can be written to where the tests are run by root in a machine of their own, such as CI. */
const real = { cpu: '/sys/fs/cgroup/cpu', memory: '/sys/fs/cgroup/memory' }
const name = `honeydew-test-${process.pid}`
const made: string[] = []

function createGroup(path: string, file: string, text: string): boolean {
  try {
    mkdirSync(path)
    made.push(path)
    writeFileSync(join(path, file), text)
    return true
  } catch {
    return false
  }
}

const isReal =
  existsSync(join(real.cpu, 'cpu.cfs_quota_us')) &&
  createGroup(join(real.cpu, name), 'cpu.cfs_quota_us', '50000') &&
  createGroup(join(real.memory, name), 'memory.limit_in_bytes', `${300 * mib}`) &&
  createGroup(join(real.memory, name, 'inner'), 'memory.limit_in_bytes', '-1')
afterAll(() => {
  for (const path of made.toReversed()) rmdirSync(path)
})

describe.skipIf(!isReal)('in real control groups', () => {
  let found: object
  beforeAll(() => {
    const program = `
      import { resolveScheduleOptions } from './dist/schedule/options.js'
      import { readMachine } from './dist/schedule/machine.js'
      process.stdout.write(JSON.stringify({ ...readMachine(), schedule: resolveScheduleOptions() }))`
    const enter = [join(real.cpu, name), join(real.memory, name, 'inner')]
      .map(path => `echo $$ > ${path}/cgroup.procs`)
      .join(' && ')
    const words = ['-c', `${enter} && exec "$0" --input-type=module -e "$1"`, process.execPath, program]
    found = JSON.parse(execFileSync('sh', words, { encoding: 'utf8' }))
  })

  it('a process with half a processor works on one thing at a time, whatever the machine has', () => {
    expect(found).toMatchObject({
      processors: 1,
      schedule: { tile: { concurrency: 2 }, large: { concurrency: 1 } },
    })
  })

  it('the memory that an outer group has is the bound, which Node does not see', () => {
    expect(found).toMatchObject({ memoryBytes: 300 * mib, schedule: { memoryBytes: 150 * mib } })
  })
})
