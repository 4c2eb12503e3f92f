/* The contracts between the workshops, types only: who implements one of them never imports who uses it. */
export type * from './contracts/cache.js'
export type * from './contracts/http.js'
export type * from './contracts/image.js'
export type * from './contracts/source.js'
