import { execFileSync } from 'node:child_process'
import {
  appendFile,
  link,
  mkdir,
  mkdtemp,
  realpath,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isIIIFError } from '../../src/errors.js'
import { type FileSourceOptions, fileSource } from '../../src/source/file.js'
import { collect, describeSourceContract } from './contract.js'

let folder = ''
let root = ''

const put = async (name: string, text = name): Promise<string> => {
  const path = join(root, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, text)
  return path
}

const text = async (
  identifier: string,
  options: Partial<FileSourceOptions> = {},
): Promise<string | undefined> => {
  const source = await fileSource({ root, ...options })(identifier, {})
  if (!source) return undefined
  const bytes = await source.read(0, 1000)
  await source.close?.()
  return Buffer.from(bytes).toString()
}

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'honeydew-file-')))
  root = join(folder, 'root')
  await mkdir(root)
  await writeFile(join(folder, 'outside.tif'), 'outside')
  await mkdir(join(folder, 'root-beside'))
  await writeFile(join(folder, 'root-beside', 'a.tif'), 'beside')
  await put('a.tif')
  await put('folder/b.tif')
  await put('.hidden.tif')
  await put('.hidden/c.tif')
})

afterAll(() => rm(folder, { recursive: true }))

let count = 0
describeSourceContract('a file', async bytes => {
  count += 1
  await writeFile(join(root, `contract-${count}.tif`), bytes)
  const source = await fileSource(root)(`contract-${count}.tif`, {})
  if (!source) throw new Error('the file is not found')
  return source
})

describe('an identifier is a path below the root', () => {
  it.each([
    ['a.tif'],
    ['folder/b.tif'],
    ['50%.tif'],
    ['a%2Fb.tif'],
    ['%2e%2e.tif'],
    ['a;2;n:1.tif'],
    ['ark:12025.tif'],
    ['with space .tif'],
    ['Grüße.tif'],
    ['Gru\u0308ße.tif'],
    ['東京/地図 🗺.tif'],
    ['..a.tif'],
    ['a..tif'],
    ['q?x#y&z=1.tif'],
    ["it's (1) [2] {3}.tif"],
  ])('finds %s', async name => {
    await put(name)
    expect(await text(name, { dotfiles: 'allow' })).toBe(name)
  })

  it('takes names as they are: composed and decomposed letters are two names', async () => {
    await put('caf\u00e9.tif', 'composed')
    expect(await text('caf\u00e9.tif')).toBe('composed')
    expect(await text('cafe\u0301.tif')).toBeUndefined()
  })

  it('puts the prefix before the identifier and the suffix after it', async () => {
    await put('scans/p-007.tif')
    expect(await text('007', { prefix: 'scans/p-', suffix: '.tif' })).toBe('scans/p-007.tif')
  })

  it('tells path, size, time, version and what the extension promises', async () => {
    const path = await put('facts.TIFF', 'twelve bytes')
    await utimes(path, 1000, 1_234_567.5)
    const source = await fileSource(root)('facts.TIFF', {})
    expect(source).toMatchObject({ path, size: 12, formatHint: 'tif', lastModified: new Date(1_234_567_500) })
  })

  it.each([
    ['photo.JPEG', 'jpg'],
    ['scan.ptif', 'tif'],
    ['page.jp2', 'jp2'],
    ['plain', undefined],
  ])('hints for %s at %s', async (name, hint) => {
    await put(name)
    expect((await fileSource(root)(name, {}))?.formatHint).toBe(hint)
  })

  it('reads a root that is a link, and one that is turned elsewhere later', async () => {
    await mkdir(join(folder, 'blue'))
    await mkdir(join(folder, 'green'))
    await writeFile(join(folder, 'blue', 'x.tif'), 'blue')
    await writeFile(join(folder, 'green', 'x.tif'), 'green')
    const current = join(folder, 'current')
    await symlink('blue', current)
    const resolve = fileSource(current)
    expect((await resolve('x.tif', {}))?.path).toBe(join(folder, 'blue', 'x.tif'))
    await rm(current)
    await symlink('green', current)
    expect((await resolve('x.tif', {}))?.path).toBe(join(folder, 'green', 'x.tif'))
  })

  it('lets a root be made after the resolver, and never takes a missing one for a missing image', async () => {
    const late = join(folder, 'late')
    const resolve = fileSource(late)
    await expect(resolve('x.tif', {})).rejects.toMatchObject({ status: 500, code: 'source-unreadable' })
    await mkdir(late)
    expect(await resolve('x.tif', {})).toBeUndefined()
    await writeFile(join(late, 'x.tif'), 'x')
    expect((await resolve('x.tif', {}))?.size).toBe(1)
  })

  it('takes no identifier of a request that was given up', async () => {
    await expect(fileSource(root)('a.tif', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    })
  })
})

describe('a missing file is not mine', () => {
  it.each([
    ['no such file', 'missing.tif'],
    ['no such folder', 'missing/a.tif'],
    ['a file where a folder is expected', 'a.tif/b.tif'],
    ['a folder', 'folder'],
    ['the name of the root seen from beside', 'root'],
    ['the name of a sibling that begins like the root', 'root-beside'],
    ['the home folder of a shell', '~/a.tif'],
    ['a variable of a shell', '$HOME/a.tif'],
    ['dots encoded once more', '%2e%2e%2foutside.tif'],
    ['dots encoded with a real slash', '%2e%2e/outside.tif'],
    ['overlong UTF-8 written out', '%c0%ae%c0%ae/outside.tif'],
    ['fullwidth dots and slash', '．．／outside.tif'],
    ['a division slash', '..∕outside.tif'],
    ['a two-dot leader', '‥/outside.tif'],
    ['a semicolon after a name', 'a.tif;/outside.tif'],
    ['a name that is too long with its suffix', `${'x'.repeat(253)}`],
  ])('%s', async (_, identifier) => {
    expect(
      await text(identifier, { dotfiles: 'allow', suffix: identifier.startsWith('xxx') ? '.tif' : '' }),
    ).toBe(undefined)
  })
})

describe('an identifier that leaves its place is refused before any I/O', () => {
  it.each([
    ['nothing', ''],
    ['a point', '.'],
    ['two points', '..'],
    ['one step up', '../outside.tif'],
    ['many steps up', '../../../../../../etc/passwd'],
    ['up from a folder', 'folder/../../outside.tif'],
    ['up and back in', '../root/a.tif'],
    ['up within the root', 'folder/../a.tif'],
    ['up to a sibling that begins like the root', '../root-beside/a.tif'],
    ['up at the end', 'folder/..'],
    ['a point at the end', 'folder/.'],
    ['a point in between', 'folder/./b.tif'],
    ['a point at the start', './a.tif'],
    ['a slash at the end', 'folder/'],
    ['two slashes', 'folder//b.tif'],
    ['an absolute path', '/etc/passwd'],
    ['the absolute path of an image', '/a.tif'],
    ['a slash', '/'],
    ['a network path', '//server/share/a.tif'],
    ['a file URL', 'file:///etc/passwd'],
    ['a web URL', 'http://example.com/a.tif'],
    ['a backslash', 'folder\\b.tif'],
    ['a step up with a backslash', '..\\outside.tif'],
    ['steps up with both slashes', '..\\/..\\/outside.tif'],
    ['a Windows network path', '\\\\server\\share'],
    ['a Windows device path', '\\\\?\\C:\\a.tif'],
    ['a Windows device path with slashes', '//./C:/a.tif'],
    ['a drive', 'C:'],
    ['a drive with a slash', 'C:/Windows/win.ini'],
    ['a drive with a backslash', 'c:\\Windows\\win.ini'],
    ['NUL at the end', 'a.tif\0'],
    ['NUL before an extension', 'a.tif\0.jpg'],
    ['NUL alone', '\0'],
    ['a line feed', 'a\n.tif'],
    ['a carriage return', 'a\r\n.tif'],
    ['a tab', 'a\t.tif'],
    ['an escape', 'a\u001b[31m.tif'],
    ['a delete', 'a\u007f.tif'],
    ['a C1 control', 'a\u0085.tif'],
    ['half a surrogate pair', 'a\ud800.tif'],
    ['a segment of 256 bytes', 'x'.repeat(256)],
    ['a segment of 128 letters of two bytes', 'ü'.repeat(128)],
    ['4097 bytes', `${'x/'.repeat(2048)}y`],
    ['a megabyte', '../'.repeat(350_000)],
  ])('%s', async (_, identifier) => {
    await expect(fileSource({ root, dotfiles: 'allow' })(identifier, {})).rejects.toMatchObject({
      name: 'BadRequestError',
      status: 400,
      code: 'invalid-identifier',
    })
  })
})

describe('hidden names', () => {
  it.each([['.hidden.tif'], ['.hidden/c.tif'], ['.missing'], ['folder/.missing'], ['..a']])(
    '%s is as good as missing, whether it is there or not',
    async identifier => {
      await expect(text(identifier)).rejects.toMatchObject({ status: 404, code: 'not-found' })
    },
  )

  it('are given where they are allowed', async () => {
    expect(await text('.hidden/c.tif', { dotfiles: 'allow' })).toBe('.hidden/c.tif')
  })
})

describe('links', () => {
  beforeAll(async () => {
    await mkdir(join(root, 'links'))
    const links = {
      in: '../a.tif',
      'in-absolute': join(root, 'a.tif'),
      'in-folder': '../folder',
      out: '../../outside.tif',
      'out-absolute': join(folder, 'outside.tif'),
      'out-folder': '../..',
      'out-sibling': '../../root-beside',
      'out-system': '/etc/passwd',
      'out-through-in': 'out',
      'back-in': `../../root/a.tif`,
      root: '..',
      device: '/dev/zero',
      loop: 'loop',
      'loop-a': 'loop-b',
      'loop-b': 'loop-a',
      dangling: 'nowhere',
      'dangling-out': '/nowhere/at/all',
    }
    for (const [name, target] of Object.entries(links)) await symlink(target, join(root, 'links', name))
  })

  it.each([
    ['links/in', 'a.tif'],
    ['links/in-absolute', 'a.tif'],
    ['links/in-folder/b.tif', 'folder/b.tif'],
    ['links/back-in', 'a.tif'],
    ['links/root/a.tif', 'a.tif'],
  ])('%s stays inside the root and is followed', async (identifier, expected) => {
    expect(await text(identifier)).toBe(expected)
    expect((await fileSource(root)(identifier, {}))?.path).toBe(join(root, expected))
  })

  it.each([
    ['links/out'],
    ['links/out-absolute'],
    ['links/out-folder'],
    ['links/out-folder/outside.tif'],
    ['links/out-folder/root-beside/a.tif'],
    ['links/out-sibling/a.tif'],
    ['links/out-system'],
    ['links/out-through-in'],
    ['links/device'],
    ['links/root'],
  ])('%s leaves the root, or is the root, and is refused', async identifier => {
    await expect(text(identifier)).rejects.toMatchObject({ status: 404, code: 'not-found' })
  })

  it.each([['links/loop'], ['links/loop-a/a.tif'], ['links/dangling'], ['links/dangling-out']])(
    '%s leads nowhere and is missing',
    async identifier => {
      expect(await text(identifier)).toBeUndefined()
    },
  )

  it.each([['links/in'], ['links/in-folder/b.tif'], ['links/root/a.tif'], ['links/out']])(
    '%s is refused where links are not followed',
    async identifier => {
      await expect(text(identifier, { followSymlinks: false })).rejects.toMatchObject({ status: 404 })
      expect(await text('folder/b.tif', { followSymlinks: false })).toBe('folder/b.tif')
    },
  )

  it('from another root may lead into this one: a link is judged by where it ends', async () => {
    const resolve = fileSource(join(root, 'links'))
    await expect(resolve('in', {})).rejects.toMatchObject({ status: 404 })
  })
})

describe('what is no regular file is never opened', () => {
  it('a FIFO', async () => {
    execFileSync('mkfifo', [join(root, 'fifo.tif')])
    expect(await text('fifo.tif')).toBeUndefined()
  })

  it('a socket', async () => {
    const server = createServer()
    await new Promise<void>(done => {
      server.listen(join(root, 'socket.tif'), done)
    })
    expect(await text('socket.tif')).toBeUndefined()
    await new Promise(done => {
      server.close(done)
    })
  })

  it('a device', async () => {
    const source = await fileSource('/dev')('zero', {})
    expect(source).toBeUndefined()
  })

  it('a FIFO that took the place of the file: the read fails and does not wait for a writer', async () => {
    const path = await put('becomes-fifo.tif')
    const source = await fileSource(root)('becomes-fifo.tif', {})
    await rm(path)
    execFileSync('mkfifo', [path])
    await expect(source?.read(0, 10)).rejects.toMatchObject({ code: 'source-unreadable' })
    await source?.close?.()
  })
})

describe('a file that this process may not read', () => {
  // Root reads everything: for the time of a look-up the process is nobody.
  const asNobody = async <T>(work: () => Promise<T>): Promise<T> => {
    const isRoot = process.getuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      return await work()
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  }

  it('is 403 when its folder is closed, without a path in the message', async () => {
    await put('closed/a.tif')
    execFileSync('chmod', ['755', folder])
    execFileSync('chmod', ['700', join(root, 'closed')])
    if (process.getuid?.() !== 0) execFileSync('chmod', ['000', join(root, 'closed')])
    const outcome = asNobody(() => Promise.resolve(fileSource(root)('closed/a.tif', {})))
    const error: unknown = await outcome.catch((error: unknown) => error)
    execFileSync('chmod', ['755', join(root, 'closed')])
    expect(error).toMatchObject({ name: 'SourceError', status: 403, code: 'source-forbidden' })
    expect(String(error)).not.toContain(root)
    expect((error as Error).cause).toMatchObject({ code: 'EACCES' })
  })

  it('is 403 at the read when only the file is closed, until it is opened', async () => {
    const path = await put('unreadable.tif')
    execFileSync('chmod', ['000', path])
    const source = await fileSource(root)('unreadable.tif', {})
    const error: unknown = await asNobody(async () => source?.read(0, 1)).catch((error: unknown) => error)
    expect(error).toMatchObject({ status: 403, code: 'source-forbidden' })
    expect(String(error)).not.toContain(root)
    execFileSync('chmod', ['644', path])
    expect((await source?.read(0, 5))?.length).toBe(5)
    await source?.close?.()
  })
})

describe('versions never mix', () => {
  const changed = {
    name: 'SourceError',
    status: 503,
    code: 'source-changed',
    message: expect.stringContaining('has changed'),
  }

  it('the version is the same as long as the file is, and reading does not change it', async () => {
    await put('steady.tif')
    const first = await fileSource(root)('steady.tif', {})
    await first?.read(0, 5)
    await first?.close?.()
    expect((await fileSource(root)('steady.tif', {}))?.version).toBe(first?.version)
  })

  it('a file replaced by one of equal size and time has another version', async () => {
    const path = await put('replaced.tif', 'old bytes')
    await utimes(path, 5000, 5000)
    const old = await fileSource(root)('replaced.tif', {})
    await put('replaced.tif.new', 'new bytes')
    await utimes(`${path}.new`, 5000, 5000)
    await rename(`${path}.new`, path)
    const fresh = await fileSource(root)('replaced.tif', {})
    expect(fresh?.version).not.toBe(old?.version)
    await expect(old?.read(0, 9)).rejects.toMatchObject(changed)
    await expect(collect(old!.stream!())).rejects.toMatchObject(changed)
    await old?.close?.()
  })

  it('a handle that is open keeps giving the old bytes of a file that was replaced', async () => {
    const path = await put('kept.tif', 'old bytes')
    const source = await fileSource(root)('kept.tif', {})
    await source?.read(0, 1)
    await put('kept.tif.new', 'new bytes')
    await rename(`${path}.new`, path)
    expect(Buffer.from((await source?.read(0, 9)) ?? []).toString()).toBe('old bytes')
    await source?.close?.()
  })

  it('a file rewritten in place under an open handle fails the next read', async () => {
    const path = await put('rewritten.tif', 'old bytes')
    await utimes(path, 5000, 5000)
    const source = await fileSource(root)('rewritten.tif', {})
    await source?.read(0, 9)
    await writeFile(path, 'new bytes')
    await expect(source?.read(0, 9)).rejects.toMatchObject(changed)
    await source?.close?.()
  })

  it('a file that grows, or is cut, fails the next read and the stream', async () => {
    const path = await put('grows.tif', 'bytes')
    const source = await fileSource(root)('grows.tif', {})
    await source?.read(0, 5)
    await appendFile(path, ' more')
    await expect(source?.read(0, 5)).rejects.toMatchObject(changed)
    await truncate(path, 2)
    await expect(source?.read(0, 5)).rejects.toMatchObject(changed)
    await expect(collect(source!.stream!())).rejects.toMatchObject(changed)
    await source?.close?.()
  })

  // Such files say 4096 bytes and give a few: what was not read must never be given.
  it.skipIf(process.platform !== 'linux')(
    'a file that has fewer bytes than it says is not filled up',
    async () => {
      const source = await fileSource('/sys/devices/system/cpu')('online', {})
      expect(source?.size).toBeGreaterThan(100)
      await expect(source?.read(0, 4096)).rejects.toMatchObject(changed)
      await source?.close?.()
    },
  )

  it('a file that is removed, or becomes a link, fails the first read', async () => {
    const path = await put('removed.tif')
    const source = await fileSource(root)('removed.tif', {})
    await rename(path, `${path}.away`)
    await expect(source?.read(0, 5)).rejects.toMatchObject(changed)
    await symlink('removed.tif.away', path)
    await expect(source?.read(0, 5)).rejects.toMatchObject(changed)
  })

  it('a second name of the same file is the same version', async () => {
    await link(await put('one.tif'), join(root, 'two.tif'))
    const [one, two] = await Promise.all(['one.tif', 'two.tif'].map(name => fileSource(root)(name, {})))
    expect(one?.version).toBe(two?.version)
  })

  it('a source that was closed can be read again, and closed twice', async () => {
    await put('done.tif')
    const source = await fileSource(root)('done.tif', {})
    await source?.read(0, 1)
    await source?.close?.()
    await source?.close?.()
    await expect(source?.read(0, 1)).resolves.toHaveLength(1)
    await source?.close?.()
  })
})

describe('options', () => {
  it.each([
    ['root', { root: '' }],
    ['root', { root: 'a\0b' }],
    ['root', {} as FileSourceOptions],
    ['prefix', { root: 'x', prefix: '../' }],
    ['prefix', { root: 'x', prefix: '/etc/' }],
    ['suffix', { root: 'x', suffix: '/..' }],
    ['suffix', { root: 'x', suffix: 3 } as unknown as FileSourceOptions],
    ['followSymlinks', { root: 'x', followSymlinks: 'no' } as unknown as FileSourceOptions],
    ['dotfiles', { root: 'x', dotfiles: 'deny' } as unknown as FileSourceOptions],
  ])('a wrong %s is told by its name', (option, options) => {
    expect(() => fileSource(options)).toThrow(TypeError)
    expect(() => fileSource(options)).toThrow(new RegExp(`^${option}: expected `))
  })
})

describe('whatever the identifier is', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '..',
      '.',
      '/',
      '//',
      '\\',
      '\0',
      '%2e',
      '%2f',
      ':',
      'C:',
      '~',
      ' ',
      'a.tif',
      'folder',
      'root',
    ),
    fc.constantFrom(
      'links',
      'out',
      'out-folder',
      'in',
      'in-folder',
      'root',
      'loop',
      'device',
      'fifo.tif',
      'b.tif',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.string({ unit: 'grapheme', maxLength: 4 }),
  )
  const path = fc.array(piece, { maxLength: 8 })
  const identifier = fc.oneof(
    fc.string({ unit: 'binary' }),
    path.map(pieces => pieces.join('')),
    path.map(pieces => pieces.join('/')),
  )
  const affixes = fc.record({
    prefix: fc.constantFrom('', 'links/', 'folder/', 'a', '.'),
    suffix: fc.constantFrom('', '.tif', '/b.tif', '.'),
    followSymlinks: fc.boolean(),
    dotfiles: fc.constantFrom('ignore' as const, 'allow' as const),
  })

  it('a path outside the root is never given, and no other error than ours is thrown', async () => {
    const isRefusal = (error: unknown): undefined => {
      if (!isIIIFError(error) || error.status >= 500) throw error
    }
    await fc.assert(
      fc.asyncProperty(identifier, affixes, async (identifier, options) => {
        const resolve = fileSource({ root, ...options })
        const source = await Promise.resolve(resolve(identifier, {})).catch(isRefusal)
        if (source?.path === undefined) return
        expect(relative(root, await realpath(source.path))).toMatch(/^(?!\.\.(?:\/|$))[^/]/)
      }),
      { numRuns: 3000 },
    )
  })
})
