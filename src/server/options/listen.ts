/* Options: where the server listens, how, and its patience with clients. */
import type { OptionTable } from './option.js'
import { flag, path, seconds, text, whole } from './types.js'

/** Where the server listens, how, and its patience with clients. */
export interface ListenSettings {
  /**
   * The address to listen on: that of this machine alone, or of one of its networks; `0.0.0.0` for all IPv4 addresses, `::`
   * for all. @defaultValue 127.0.0.1
   */
  readonly host: string
  /** The port; 0 takes a free one. @defaultValue 8182 */
  readonly port: number
  /** The certificate, and those that vouch for it, in a file in PEM; with it the server speaks https. @defaultValue none */
  readonly tlsCert?: string
  /** The key of the certificate, in a file in PEM. @defaultValue none */
  readonly tlsKey?: string
  /** Certificate and key in one file in PKCS#12, instead of the two. @defaultValue none */
  readonly tlsPfx?: string
  /** A file with the passphrase of the key. @defaultValue none */
  readonly tlsPassphraseFile?: string
  /** Whether HTTP/2 is spoken with those that ask for it by TLS; others are answered in HTTP/1.1. @defaultValue true */
  readonly http2: boolean
  /** Whether HTTP/2 is spoken without TLS, with those that begin with it: proxies, not browsers. @defaultValue false */
  readonly h2c: boolean
  /**
   * For how long a connection may be idle between two requests, in seconds: longer than the proxy in front keeps it, which
   * else may send a request into a connection that is just being closed. An idle connection costs some 20 kB.
   * @defaultValue 75
   */
  readonly keepAliveSeconds: number
  /** For how long a client may take to send the head of a request, in seconds. @defaultValue 20 */
  readonly headSeconds: number
  /**
   * For how long a client may take nothing of an answer, in seconds; beyond it, and below 4 kB a second, its connection is
   * closed. @defaultValue 60
   */
  readonly sendSeconds: number
  /** How many connections each worker has at most; further ones are closed at once. @defaultValue 4096 */
  readonly maxConnections: number
}

/** The rows. */
export const listenOptions: OptionTable<ListenSettings> = {
  host: { type: text, default: '127.0.0.1', help: 'the address to listen on; 0.0.0.0 or :: for all' },
  port: { type: whole(0, 65_535), default: 8182, help: 'the port; 0 takes a free one' },
  tlsCert: {
    type: path,
    otherwise: 'no TLS',
    help: 'the certificate and those that vouch for it, in PEM',
  },
  tlsKey: { type: path, otherwise: 'none', help: 'the key of the certificate, in PEM' },
  tlsPfx: { type: path, otherwise: 'none', help: 'certificate and key in PKCS#12, instead of the two' },
  tlsPassphraseFile: { type: path, otherwise: 'none', help: 'a file with the passphrase of the key' },
  http2: { type: flag, default: true, help: 'HTTP/2 over TLS, with those that ask for it' },
  h2c: { type: flag, default: false, help: 'HTTP/2 without TLS, with those that begin with it' },
  keepAliveSeconds: {
    type: seconds(1),
    default: 75,
    help: 'how long a connection may be idle: longer than in the proxy in front',
  },
  headSeconds: {
    type: seconds(1),
    default: 20,
    help: 'how long a client may take to send the head of a request',
  },
  sendSeconds: {
    type: seconds(1),
    default: 60,
    sets: 'schedule.timeouts.sendSeconds',
    help: 'how long a client may take nothing of an answer',
  },
  maxConnections: {
    type: whole(1),
    default: 4096,
    help: 'how many connections each worker has at most',
  },
}
