/* The rows of the benchmark: what is asked of whom, and for how long. */
import { allPictures } from './corpus.js'
import { listCrops, listTiles, listWhole, takeFirst } from './sessions.js'

/** @typedef {import('./sessions.js').Session} Session */
/** @typedef {{ id: string, title: string, session: Session, servers: string[], connections: number, seconds: number,
 *   warmUpSeconds?: number }} Row */
/** @typedef {{ id: string, title: string, session: Session, needs: string[], also?: string[], connections?: number,
 *   seconds?: number, warmUpSeconds?: number }} Draft - `needs`: the servers without which no target can be judged; `also`: those of the full run */

const two = ['honeydew-2', 'iip-debian', 'iip-named']
const twoAndSharp = [...two, 'sharp-2']
const slow = 'iiif-processor'

/**
 * The rows of a run.
 *
 * @param {boolean} isQuick - the 24 megapixel pictures, and only what a target needs
 * @returns {Row[]}
 */
export function createRows(isQuick) {
  const size = isQuick ? 24 : 108
  const drafts = [
    ...createTileRows(size),
    ...createImageRows(size),
    ...createMemoryRows(size),
    ...(isQuick ? [] : [...createMoreRows(), ...createPlainRows()]),
  ]
  return drafts.map(({ needs, also = [], ...draft }) => ({
    connections: 8,
    seconds: isQuick ? 0.6 : 2,
    ...draft,
    servers: isQuick ? needs : [...needs, ...also],
  }))
}

/**
 * @param {import('./corpus.js').Megapixels} size
 * @returns {Draft[]}
 */
function createTileRows(size) {
  const jpeg = `${size}-jpeg85-256.tif`
  const tiles = listTiles(jpeg, 256, { edges: true })
  return [
    {
      id: 'full-tiles',
      title: '256 tiles on the grid, none at an edge',
      session: listTiles(jpeg, 256, { edges: false }),
      needs: ['honeydew-1', 'bare-1'],
      // It reads the whole file for each tile: how fast it is depends on the size of the picture.
      also: [...two, 'bare-2', slow],
    },
    {
      id: 'tiles',
      title: '256 tiles, 8 % of them edges',
      session: tiles,
      needs: ['honeydew-1', ...two, 'bare-1'],
      also: ['sharp-2', 'bare-2', slow],
    },
    ...[512, 1024].map(side => ({
      id: `join-${side}`,
      title: `${side} tiles from 256 ones`,
      session: listTiles(jpeg, side, { edges: true, stored: 256 }),
      needs: ['honeydew-1', ...twoAndSharp],
      also: [slow],
    })),
    {
      id: 'deflate',
      title: '256 tiles of a deflate pyramid',
      session: listTiles(`${size}-deflate-256.tif`, 256, { edges: true }),
      needs: twoAndSharp,
      also: ['honeydew-1'],
    },
  ]
}

/**
 * @param {import('./corpus.js').Megapixels} size
 * @returns {Draft[]}
 */
function createMemoryRows(size) {
  const jpeg = `${size}-jpeg85-256.tif`
  return [
    {
      id: 'cached',
      title: '256 tiles out of the memory cache',
      // Of the deflate pyramid: tiles that are stored as JPEG are sent from the file and never kept.
      session: takeFirst(listTiles(`${size}-deflate-256.tif`, 256, { edges: true }), 200),
      needs: ['cached-1', 'bare-1'],
      warmUpSeconds: 2,
    },
    {
      id: 'info',
      title: 'info.json',
      session: listWhole([jpeg], 'info.json'),
      needs: ['honeydew-1', 'bare-1'],
      also: [...two, slow],
    },
  ]
}

/**
 * @param {import('./corpus.js').Megapixels} size
 * @returns {Draft[]}
 */
function createImageRows(size) {
  const jpeg = `${size}-jpeg85-256.tif`
  return [
    {
      id: 'full',
      title: 'full/max of 24 megapixels',
      session: listWhole(['24-jpeg85-256.tif'], 'full/max/0/default.jpg'),
      needs: [...two, slow],
      also: ['honeydew-1', 'sharp-2'],
      seconds: size === 24 ? 1 : 4,
    },
    {
      id: 'thumbnails',
      title: 'thumbnails !400,400',
      session: listWhole([jpeg, `${size}-jpeg85-512.tif`], 'full/!400,400/0/default.jpg'),
      needs: twoAndSharp,
      also: ['honeydew-1', slow],
    },
    {
      id: 'crops',
      title: 'odd crops, some WebP (JPEG for IIPImage), grey, turned',
      session: listCrops(jpeg),
      needs: twoAndSharp,
      also: ['honeydew-1', slow],
    },
  ]
}

/**
 * The rows that no target of the quick run needs.
 *
 * @returns {Draft[]}
 */
function createMoreRows() {
  /** @param {string} name */
  const tilesOf = name => listTiles(name, 256, { edges: true })
  const jpeg = '108-jpeg85-256.tif'
  return [
    {
      id: 'tiles-32',
      title: '256 tiles, 8 % of them edges, 32 connections',
      session: tilesOf(jpeg),
      needs: ['honeydew-1', ...two],
      connections: 32,
    },
    {
      id: 'stored-512',
      title: '512 tiles from 512 ones',
      session: listTiles('108-jpeg85-512.tif', 512, { edges: true }),
      needs: ['honeydew-1', ...twoAndSharp],
    },
    {
      id: 'rgb',
      title: '256 tiles of a pyramid of RGB JPEG (quality 90)',
      session: tilesOf('108-jpeg90-256.tif'),
      needs: twoAndSharp,
    },
    {
      id: 'subifd',
      title: '256 tiles of a pyramid in SubIFDs',
      session: tilesOf('108-subifd-256.tif'),
      needs: ['honeydew-2'],
    },
    {
      id: 'webp',
      title: '256 tiles of a WebP pyramid, asked for as JPEG',
      session: tilesOf('108-webp-256.tif'),
      needs: ['honeydew-2', 'sharp-2'],
    },
  ]
}

/**
 * Tiles of files that are no pyramids.
 *
 * @returns {Draft[]}
 */
function createPlainRows() {
  return ['q90.jpg', 'progressive.jpg', 'plain.png', 'plain.webp', 'strip.tif'].map(kind => ({
    id: kind,
    title: `512 tiles of ${kind}, 24 megapixels`,
    session: listTiles(`24-${kind}`, 512, { edges: true }),
    needs: ['honeydew-2', 'sharp-2', ...(kind === 'q90.jpg' ? [slow] : [])],
  }))
}

/**
 * The pictures that rows ask for.
 *
 * @param {readonly Row[]} rows
 * @returns {string[]}
 */
export function listPictures(rows) {
  const asked = new Set(rows.flatMap(({ session }) => session.paths.map(pictureOf)))
  return allPictures.filter(name => asked.has(name))
}

/**
 * The picture that a path asks for, whichever of its names it uses.
 *
 * @param {string} path
 */
export function pictureOf(path) {
  return path.replace(/\/.*/, '').replace(/~\d+/, '')
}
