/**
 * honeydew: a IIIF image server as a library.
 *
 * What is not exported here is not public: the readers, the planner and the renderer may change with any version.
 * The whole of the protocol is `honeydew/protocol`; who may see what is `honeydew/access`; how a service is run is
 * `honeydew/operations`, and what `honeydew serve` is made of `honeydew/server`; the doors are `honeydew/node`,
 * `honeydew/express`, `honeydew/koa` and `honeydew/fetch`.
 *
 * @module
 */

// Caches
export type { BreakerOptions } from './cache/breaker.js'
export { fileCache } from './cache/file.js'
export type { FileCacheOptions } from './cache/file-options.js'
export { type MemoryCacheOptions, memoryCache } from './cache/memory.js'
export { type RedisCacheOptions, redisCache } from './cache/redis.js'
export type { IORedisClient, NodeRedisClient } from './cache/redis-client.js'
export { createSafeCache, type SafeCacheOptions } from './cache/safe.js'
export { tieredCache } from './cache/tiered.js'
// Contracts
export type {
  ByteSpan,
  Cache,
  CacheEntry,
  CacheMatch,
  CacheStats,
  HttpHandler,
  HttpReply,
  HttpRequest,
  ImageDescription,
  ImageSource,
  OpenResolver,
  Orientation,
  PrefetchOptions,
  PyramidLevel,
  RemoteImage,
  RemoteLevel,
  ResolveContext,
  SourceAnswer,
  SourceColour,
  SourceFormat,
  SourceRedirect,
  SourceRefusal,
  SourceResolver,
  StoredCoding,
  StreamOptions,
  Surroundings,
  SweepReport,
} from './contracts.js'
// Errors
export {
  AbortedError,
  AccessError,
  type AccessErrorOptions,
  BadRequestError,
  type ErrorCode,
  errorCodes,
  IIIFError,
  isIIIFError,
  MovedError,
  type MovedTarget,
  NotFoundError,
  NotImplementedError,
  OverloadedError,
  SourceError,
  TimeoutError,
} from './errors.js'
export type { BaseUriOptions } from './http/base-uri.js'
export type { CacheControl, CacheControlFacts, CacheControlOption } from './http/cache-control.js'
export type { TrustProxy } from './http/trust-proxy.js'
export type {
  AvifOptions,
  EncodeOptions,
  GifOptions,
  JpgOptions,
  Kernel,
  PngOptions,
  StoredTiles,
  TifOptions,
  WebpOptions,
} from './image/encode-options.js'
export type {
  ImageOverlayOptions,
  OverlayOptions,
  OverlayPlacement,
  OverlayPosition,
  OverlayStroke,
  TextOverlayOptions,
} from './image/overlay.js'
export type { RedactionOptions, RedactionStyle } from './image/redaction.js'
export type {
  CoverOptions,
  ImageContext,
  ImageHook,
  ImageServiceOptions,
  InfoHook,
  MaintenanceOptions,
  ProcessOptions,
  ReadOptions,
  RevalidateOptions,
} from './options.js'
export { type ImageResult, type PreparedRequest, process, type Way } from './process.js'
export type { InfoDocument, InfoExtras } from './protocol/info.js'
export type { LimitOptions } from './protocol/limits.js'
export type { BaseRequest, IIIFRequest, ImageRequest, InfoRequest } from './protocol/request.js'
export { type ParseOptions, type Prefixes, parseRequest } from './protocol/request.js'
export type { AdmissionStats } from './schedule/admission.js'
export type { LaneSettings, LaneStats } from './schedule/lane.js'
export type { LaneOptions, ScheduleOptions, TimeoutOptions } from './schedule/options.js'
export type { Health, HealthCheck, HealthColor, HealthOptions } from './service/health.js'
export type { HealthCheckName } from './service/health-checks.js'
// The steps
export { resolveSource } from './service/locate.js'
export type { CacheOutcome, Phases, ResponseReport } from './service/report.js'
export type { ShownSettings } from './service/shown-settings.js'
export type { ServiceStats } from './service/stats.js'
export type { Counts } from './service/tally.js'
export type { PurgeTarget, WarmOptions, WarmProgress } from './service/upkeep.js'
// The service
export { createImageService, type ImageService } from './service.js'
export type { AddressPolicyOptions } from './source/address-policy.js'
export { type BlockCache, type BlockCacheOptions, blockCache } from './source/block-cache.js'
export { type BytesSourceOptions, bytesSource } from './source/bytes.js'
export { firstOf } from './source/chain.js'
export { type CustomSourceOptions, customSource } from './source/custom.js'
// Sources
export { type FileSourceOptions, fileSource } from './source/file.js'
export { type HttpSourceOptions, httpSource } from './source/http.js'
export type { HttpClientOptions } from './source/http-client.js'
export type { HttpCredentials, HttpLocation, LocateUrl, TargetOptions } from './source/http-target.js'
export type { HttpTimeouts } from './source/http-timeouts.js'
export { type IiifSourceOptions, iiifSource } from './source/iiif.js'
export { type ListImagesOptions, listImages } from './source/list.js'
export type { BlockRange, RemoteBytes } from './source/remote-bytes.js'
export { type RouteOptions, routeByPrefix } from './source/route.js'
export type { TempOptions } from './source/temp-options.js'
