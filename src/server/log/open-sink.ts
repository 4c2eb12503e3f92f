/* From what an option says to where lines go. */
import { fstatSync } from 'node:fs'
import type { WriteStream } from 'node:tty'
import { createDescriptorSink, createStreamSink, openFileSink, type Sink } from './sink.js'

/**
 * Opens a file, or takes a standard stream for `-`. Node writes to a standard stream that was redirected into a file while
 * everybody waits, so that one is written to as a file.
 *
 * @throws what the file system throws.
 */
export async function openSink(path: string, standard: WriteStream & { readonly fd: number }): Promise<Sink> {
  if (path !== '-') return openFileSink(path)
  return fstatSync(standard.fd).isFile() ? createDescriptorSink(standard.fd) : createStreamSink(standard)
}
