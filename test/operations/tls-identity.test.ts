// Files with certificates and keys: read as a whole, or refused with words that say what is wrong.
import { copyFile, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  loadIdentity,
  type PemIdentity,
  readStamp,
  requireIdentity,
  type TlsIdentity,
} from '../../src/operations/tls-identity.js'
import { createFolder } from '../image/picture.js'
import { hasOpenssl, lockKey, makePair, makePkcs12, type Pair } from './certificates.js'

describe('an identity', () => {
  it.each<[unknown, string]>([
    [undefined, 'tls: expected the files'],
    [{}, 'tls: expected the files'],
    [{ cert: 'a' }, 'tls: expected the files'],
    [{ cert: 'a', key: 'b', pfx: 'c' }, 'tls: expected the files'],
    [{ pfx: 'c', key: 'b' }, 'tls: expected the files'],
    [{ cert: Buffer.from('a'), key: 'b' }, 'tls: expected the files'],
    [{ pfx: 'c', passphrase: 7 }, 'tls.passphrase: expected a string or a function'],
  ])('%j is refused', (identity, message) => {
    expect(() => requireIdentity(identity as TlsIdentity, 'tls')).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) }),
    )
  })
})

describe.skipIf(!hasOpenssl)('files', () => {
  let folder: string
  let ecdsa: Pair
  let rsa: Pair

  beforeAll(async () => {
    folder = await createFolder()
    ;[ecdsa, rsa] = await Promise.all([
      makePair(folder, 'ecdsa', { days: 3 }),
      makePair(folder, 'rsa', { kind: 'rsa', days: 30 }),
    ])
  })

  const load = (identity: TlsIdentity) => loadIdentity(identity, 'default', { minVersion: 'TLSv1.2' })

  async function expectEnd(identity: TlsIdentity, days: number): Promise<void> {
    const { notAfter } = await load(identity)
    expect(notAfter.getTime() / 86_400_000).toBeCloseTo(Date.now() / 86_400_000 + days, 1)
  }

  it('in PEM are read, of ECDSA and of RSA, with the end of each', async () => {
    await expectEnd(ecdsa, 3)
    await expectEnd(rsa, 30)
  })

  it('with a chain tell the end of what stands first', async () => {
    const cert = join(folder, 'chain.crt')
    await writeFile(cert, `${await readFile(ecdsa.cert, 'utf8')}\n${await readFile(rsa.cert, 'utf8')}`)
    await expectEnd({ cert, key: ecdsa.key }, 3)
  })

  it('with words between certificates, and lines as Windows ends them, are read', async () => {
    const cert = join(folder, 'words.crt')
    const text = `Bag Attributes\n    friendlyName: a\n${await readFile(ecdsa.cert, 'utf8')}`
    await writeFile(cert, text.replaceAll('\n', '\r\n'))
    await expectEnd({ cert, key: ecdsa.key }, 3)
  })

  it('with an encrypted key are read with its passphrase, asked each time', async () => {
    const locked = await lockKey(rsa, 'open sesame')
    await expectEnd({ ...locked, passphrase: 'open sesame' }, 30)
    let asked = 0
    const passphrase = async () => {
      asked += 1
      return 'open sesame'
    }
    await load({ ...locked, passphrase })
    await load({ ...locked, passphrase })
    expect(asked).toBe(2)
    for (const wrong of [{}, { passphrase: '' }, { passphrase: 'sesame' }]) {
      await expect(load({ ...locked, ...wrong })).rejects.toMatchObject({
        name: 'TlsError',
        problem: 'the passphrase is wrong or missing',
      })
    }
  })

  it('whose passphrase cannot be had say no more than that', async () => {
    const passphrase = () => Promise.reject(new Error('vault at secret.example'))
    await expect(load({ ...rsa, passphrase })).rejects.toMatchObject({
      problem: 'the passphrase could not be had',
      message: expect.not.stringContaining('secret.example'),
    })
  })

  it.each(['modern', 'tripleDes'] as const)('in PKCS#12 are read: %s', async way => {
    const pfx = await makePkcs12(ecdsa, 'open sesame', way)
    await expectEnd({ pfx, passphrase: 'open sesame' }, 3)
    for (const passphrase of ['sesame', '']) {
      await expect(load({ pfx, passphrase })).rejects.toMatchObject({
        problem: 'the passphrase is wrong or missing',
      })
    }
  })

  it('in PKCS#12 without a passphrase are read', async () => {
    await expectEnd({ pfx: await makePkcs12(rsa, '') }, 30)
  })

  it('in PKCS#12 of old say how to write them anew', async context => {
    const pfx = await makePkcs12(ecdsa, 'old', 'legacy').catch(() => undefined)
    if (pfx === undefined) return context.skip('this openssl does not write them')
    await expect(load({ pfx, passphrase: 'old' })).rejects.toMatchObject({
      problem: expect.stringMatching(/old way.*openssl pkcs12 -legacy -in/),
    })
  })

  it('that do not belong together are refused', async () => {
    const problem = 'the key does not belong to the certificate'
    const other = await makePair(folder, 'other')
    await expect(load({ cert: ecdsa.cert, key: other.key })).rejects.toMatchObject({ problem })
    await expect(load({ cert: ecdsa.cert, key: rsa.key })).rejects.toMatchObject({ problem })
    await expect(load({ cert: rsa.cert, key: ecdsa.key })).rejects.toMatchObject({ problem })
  })

  it.each([
    ['a certificate that is not there', 'cert', undefined, 'a file cannot be read (ENOENT)'],
    ['an empty certificate', 'cert', '', 'there is no certificate with its key in PEM'],
    ['an empty key', 'key', '', 'there is no certificate with its key in PEM'],
    ['words', 'cert', 'no certificate at all', 'there is no certificate with its key in PEM'],
    ['a key that is words', 'key', 'no key at all', 'there is no certificate with its key in PEM'],
    [
      'what is too large',
      'cert',
      'x'.repeat(2 ** 20 + 1),
      'a file is too large to be a certificate or a key',
    ],
  ] as const)('with %s are refused', async (name, part, content, problem) => {
    const file = join(folder, `refused ${name}`)
    if (content !== undefined) await writeFile(file, content)
    const error = await load({ ...ecdsa, [part]: file }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'TlsError', problem })
    // Who has the error knows which file; who asks for the status does not.
    expect(error).toMatchObject({ message: expect.stringContaining(file) })
    expect(problem).not.toContain(folder)
  })

  it('that break off anywhere are refused', async () => {
    const cert = join(folder, 'half.crt')
    const whole = `${await readFile(ecdsa.cert, 'utf8')}${await readFile(rsa.cert, 'utf8')}`
    const end = whole.trimEnd().length
    // All lengths but that at which the second certificate has not begun.
    const first = (await readFile(ecdsa.cert, 'utf8')).length
    let refused = 0
    for (let length = 0; length < end; length += 7) {
      if (length >= first - 1 && length <= first) continue
      await writeFile(cert, whole.slice(0, length))
      await load({ cert, key: ecdsa.key }).catch(() => {
        refused += 1
      })
    }
    expect(refused).toBe(Math.ceil(end / 7) - [first - 1, first].filter(length => length % 7 === 0).length)
  })

  it('of PKCS#12 that break off are refused', async () => {
    const pfx = await makePkcs12(ecdsa, 'p')
    const { length } = await readFile(pfx)
    await truncate(pfx, length - 1)
    await expect(load({ pfx, passphrase: 'p' })).rejects.toMatchObject({ name: 'TlsError' })
  })

  it('have another stamp when they are written, replaced or gone', async () => {
    const [cert, key] = [join(folder, 'stamped.crt'), join(folder, 'stamped.key')]
    const identity: PemIdentity = { cert, key }
    const stamps = [await readStamp(identity)]
    const note = async () => stamps.push(await readStamp(identity))
    await copyFile(ecdsa.cert, cert)
    await note()
    await copyFile(ecdsa.key, key)
    await note()
    await copyFile(rsa.cert, cert)
    await note()
    await copyFile(rsa.cert, `${cert}.new`)
    await rename(`${cert}.new`, cert)
    await note()
    // As Kubernetes does: what a link leads to becomes another.
    await rm(cert)
    await symlink(ecdsa.cert, cert)
    await note()
    await rm(key)
    await note()
    expect(new Set(stamps).size).toBe(stamps.length)
    expect(await readStamp(identity)).toBe(stamps.at(-1))
  })
})
