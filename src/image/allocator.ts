/* Memory for bodies that are sent and forgotten: cut from slabs, because a buffer of its own for each tile costs more
   than filling it. */

/** Gives memory of a length; its content is undefined. */
export type Allocate = (length: number) => Uint8Array

const slabBytes = 512 * 1024

/** Beyond this a buffer of its own is as cheap. */
const maxCutBytes = slabBytes / 8

/**
 * Creates an allocator. A slab lives as long as any piece of it: what is kept for long must not come from here.
 */
export function createAllocator(): Allocate {
  let slab = Buffer.allocUnsafeSlow(slabBytes)
  let used = 0
  return length => {
    if (length > maxCutBytes) return Buffer.allocUnsafeSlow(length)
    if (used + length > slabBytes) {
      slab = Buffer.allocUnsafeSlow(slabBytes)
      used = 0
    }
    used += length
    return slab.subarray(used - length, used)
  }
}
