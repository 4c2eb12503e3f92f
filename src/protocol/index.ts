/**
 * The IIIF Image API 2.1.1 and 3.0 as pure functions: no I/O, no Node, it runs in a browser too.
 *
 * @module
 */

// Errors
export { BadRequestError, type ErrorCode, IIIFError, NotFoundError, NotImplementedError } from '../errors.js'
export { type CanonicalContext, formatCanonical } from './canonical.js'
export { computeLevel, listExtras, listFeatures, type Offer } from './compliance.js'
export { type Format, isFormat, mediaTypes, parseFormat } from './format.js'
// Arithmetic and versions
export { type Box, type Dimensions, rotateDimensions, roundPixels, scaleSide } from './geometry.js'
// Parameters
export { decodeSegment, formatIdentifier, parseIdentifier } from './identifier.js'
// What an image offers
export {
  buildInfo,
  type InfoDocument,
  type InfoExtras,
  type InfoFacts,
  type InfoSettings,
  resolveLevel,
} from './info.js'
export {
  defaultMaxArea,
  fitWithin,
  isWithinLimits,
  type LimitOptions,
  type Limits,
  noLimits,
  resolveLimits,
} from './limits.js'
export {
  createMetaIdentifierCodec,
  type MetaIdentifier,
  type MetaIdentifierCodec,
  type MetaIdentifierOptions,
  parsePage,
} from './meta-identifier.js'
export { isQuality, parseQuality, type Quality, qualities, resolveQuality } from './quality.js'
export { formatRegion, parseRegion, type Region, resolveRegion } from './region.js'
// Requests
export {
  type BaseRequest,
  formatParameters,
  formatRequest,
  type IIIFRequest,
  type ImageParameters,
  type ImageRequest,
  type InfoRequest,
  matchPrefix,
  type ParseOptions,
  type Prefixes,
  type PrefixMatch,
  parseRequest,
  type RequestTarget,
} from './request.js'
export {
  formatResolved,
  type ImageFacts,
  isUnchanged,
  type ResolvedRequest,
  resolveRequest,
} from './resolved.js'
export { formatRotation, isQuarterTurn, parseRotation, type Rotation } from './rotation.js'
export { formatScale, fullScale, parseScale, type Scale, type Shrink, shrinkSize } from './scale.js'
export { formatSize, parseSize, resolveSize, type Size, type SizeForm } from './size.js'
export {
  defaultTileSize,
  listScaleFactors,
  listSizes,
  listTileGrid,
  listTiles,
  locateTile,
  type StoredSizes,
  type Tile,
  type TileSet,
} from './tiles.js'
export {
  type ComplianceLevel,
  formatProfileUri,
  type ImageApiVersion,
  protocolUri,
  type VersionFacts,
  versionFacts,
} from './version.js'
