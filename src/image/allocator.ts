/* Memory for bodies that are sent and forgotten: cut from slabs, because a buffer of its own for each tile costs more
   than filling it. */

/** Gives memory of a length; its content is undefined. */
export type Allocate = (length: number) => Uint8Array

const slabBytes = 512 * 1024

/** Beyond this a buffer of its own is as cheap. */
const maxCutBytes = slabBytes / 8

/** Makes the memory that pieces are cut from. */
export type MakeSlab = (length: number) => Uint8Array

/**
 * Makes memory of which the garbage collector does not hear: it takes ordinary memory outside of its heap for a reason to go
 * through all of that, also where a few megabytes of sent tiles are all there is to be found. It is given back like any.
 */
export function makeSharedSlab(length: number): Uint8Array {
  return Buffer.from(new SharedArrayBuffer(length))
}

/**
 * Creates an allocator. A slab lives as long as any piece of it: what is kept for long must not come from here.
 *
 * @param makeSlab - ordinary memory where nothing is said
 */
export function createAllocator(makeSlab: MakeSlab = length => Buffer.allocUnsafeSlow(length)): Allocate {
  let slab: Uint8Array | undefined
  let used = 0
  return length => {
    // Never from a slab of the caller's: of many such the garbage collector has to hear.
    if (length > maxCutBytes) return Buffer.allocUnsafeSlow(length)
    if (slab === undefined || used + length > slabBytes) {
      slab = makeSlab(slabBytes)
      used = 0
    }
    used += length
    return slab.subarray(used - length, used)
  }
}
