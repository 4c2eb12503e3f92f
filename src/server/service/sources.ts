/* Where images come from, by the options: a folder, another server, a bucket, and what the configuration file has. */
import { readFile } from 'node:fs/promises'
import type { SourceResolver } from '../../contracts.js'
import { fileSource } from '../../source/file.js'
import { httpSource } from '../../source/http.js'
import { s3Source } from '../../source/s3.js'
import type { S3Connection } from '../../source/s3-client.js'
import type { ServiceConfig } from '../config.js'
import type { ServerSettings } from '../options/table.js'

/**
 * Creates the resolvers, in the order in which they are asked.
 *
 * @throws TypeError where an option is not what it must be.
 */
export async function createSources(
  settings: ServerSettings,
  source: ServiceConfig['source'],
): Promise<readonly SourceResolver[]> {
  const { folder, httpSource: url, httpPrivate, s3Bucket: bucket, s3Key: key } = settings
  const { tempFolder, tempSize: maxTempBytes } = settings
  const temp = { maxTempBytes, ...(tempFolder !== undefined && { tempDirectory: tempFolder }) }
  return [
    ...(folder === undefined ? [] : [fileSource(folder)]),
    ...(url === undefined ? [] : [httpSource({ url, allowPrivateAddresses: httpPrivate, ...temp })]),
    ...(bucket === undefined ? [] : [s3Source({ bucket, key, client: await connectS3(settings), ...temp })]),
    ...[source ?? []].flat(),
  ]
}

/** Tells how the store of S3 is reached. */
export async function connectS3(settings: ServerSettings): Promise<S3Connection> {
  const { s3Endpoint: endpoint, s3Region: region, s3AccessKey, s3SecretFile } = settings
  const credentials =
    s3AccessKey === undefined || s3AccessKey === 'anonymous' || s3SecretFile === undefined
      ? s3AccessKey && ('anonymous' as const)
      : { accessKeyId: s3AccessKey, secretAccessKey: (await readFile(s3SecretFile, 'utf8')).trim() }
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials && { credentials }),
  }
}
