/* The unit, as systemd reads it; nothing is started. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readText, readUnit } from './files.js'

const text = readText('examples/deploy/systemd/honeydew.service')
const hasSystemd = spawnSync('systemd-analyze', ['--version'], { stdio: 'ignore' }).status === 0

describe.skipIf(!hasSystemd)('systemd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'honeydew-unit-'))
  const analyze = (unit: string, ...words: string[]) => {
    const path = join(folder, 'honeydew.service')
    // It looks whether there is such a program.
    writeFileSync(path, unit.replace('/usr/bin/node ', `${process.execPath} `))
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...words, path], { encoding: 'utf8' })
    return { status, output: `${stdout}${stderr}` }
  }
  beforeAll(() => expect(text).toContain('/usr/bin/node '))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('understands the unit', () => {
    expect(analyze(text, 'verify', '--man=no')).toEqual({ status: 0, output: '' })
    // And would tell of what it does not.
    expect(analyze(`${text}\n[Service]\nProtectEverything=yes\n`, 'verify', '--man=no').output).toMatch(
      /ProtectEverything/,
    )
  })

  it('finds that a service which is taken over could do little: 2.0 of 10', () => {
    const { status, output } = analyze(text, 'security', '--offline=true', '--threshold=20')
    expect(output).toContain('Overall exposure level')
    expect(status).toBe(0)
    const open = analyze(
      '[Service]\nExecStart=/usr/bin/node x\n',
      'security',
      '--offline=true',
      '--threshold=20',
    )
    expect(open.status).not.toBe(0)
  })
})

it('honeydew writes where it has a folder', () => {
  const folders = readUnit('CacheDirectory').flatMap(names => names.split(' '))
  const told = readUnit('Environment').filter(pair => /^HONEYDEW_\w+_FOLDER=/.test(pair))
  expect(told.map(pair => pair.split('=')[1])).toEqual(folders.map(name => `/var/cache/${name}`))
})
