package org.chronolith.engine.structure;

import org.chronolith.engine.memory.SlabAllocator;

/**
 * An array of {@code 2^bits} references. Up to 2^13 it is one block; beyond, a directory of chunks
 * of 2^13, which are allocated (and zeroed) when first written; beyond 2^26, a directory of
 * directories. So no growth ever zeroes more than 64 KiB at a time.
 *
 * <p>An accessor: the array is named by the reference of its topmost block and its bits.
 */
final class BucketArray {
  /** Buckets in a chunk, as a power of two. */
  static final int CHUNK_BITS = 13;

  static final int MAX_BITS = 30;
  private static final int CHUNK_MASK = (1 << CHUNK_BITS) - 1;
  private static final int TWO_LEVEL_BITS = 2 * CHUNK_BITS;

  private final SlabAllocator slabs;

  BucketArray(SlabAllocator slabs) {
    this.slabs = slabs;
  }

  long create(int bits) {
    int topBits = topBits(bits);
    return zeroed(8 << topBits);
  }

  /** The block that holds the bucket's slot, or 0 if that chunk does not exist. */
  long chunk(long top, int bits, int bucket) {
    if (bits <= CHUNK_BITS) {
      return top;
    }
    int chunk = bucket >>> CHUNK_BITS;
    if (bits <= TWO_LEVEL_BITS) {
      return slabs.getLong(top, chunk << 3);
    }
    long directory = slabs.getLong(top, chunk >>> CHUNK_BITS << 3);
    return directory == 0 ? 0 : slabs.getLong(directory, (chunk & CHUNK_MASK) << 3);
  }

  /** As {@link #chunk}, but makes what is missing. */
  long chunkForWrite(long top, int bits, int bucket) {
    if (bits <= CHUNK_BITS) {
      return top;
    }
    int chunk = bucket >>> CHUNK_BITS;
    if (bits <= TWO_LEVEL_BITS) {
      return existing(top, chunk);
    }
    return existing(existing(top, chunk >>> CHUNK_BITS), chunk & CHUNK_MASK);
  }

  /** Offset of the bucket's slot in its chunk. */
  static int slotAt(int bucket) {
    return (bucket & CHUNK_MASK) << 3;
  }

  /** The first bucket after the chunk of this one. */
  static long nextChunk(int bucket) {
    return ((long) bucket | CHUNK_MASK) + 1;
  }

  /**
   * Frees the chunks (and directories) that end exactly before {@code bucket}. REQUIRES: every
   * bucket below is empty.
   */
  void releaseBefore(long top, int bits, long bucket) {
    if (bits <= CHUNK_BITS || (bucket & CHUNK_MASK) != 0 || bucket == 0) {
      return;
    }
    int chunk = (int) (bucket - 1) >>> CHUNK_BITS;
    if (bits <= TWO_LEVEL_BITS) {
      releaseAt(top, chunk);
      return;
    }
    long directory = slabs.getLong(top, chunk >>> CHUNK_BITS << 3);
    if (directory != 0) {
      releaseAt(directory, chunk & CHUNK_MASK);
      if ((chunk & CHUNK_MASK) == CHUNK_MASK) {
        releaseAt(top, chunk >>> CHUNK_BITS);
      }
    }
  }

  /** Frees the topmost block. REQUIRES: everything below was released. */
  void free(long top) {
    slabs.free(top);
  }

  /** Moves the chunk of a bucket out of a sparse slab; the topmost block does not move here. */
  void relocateChunk(long top, int bits, int bucket) {
    if (bits <= CHUNK_BITS) {
      return;
    }
    int chunk = bucket >>> CHUNK_BITS;
    long holder = top;
    if (bits > TWO_LEVEL_BITS) {
      relocateAt(top, chunk >>> CHUNK_BITS);
      holder = slabs.getLong(top, chunk >>> CHUNK_BITS << 3);
      chunk &= CHUNK_MASK;
    }
    if (holder != 0) {
      relocateAt(holder, chunk);
    }
  }

  private static int topBits(int bits) {
    if (bits <= CHUNK_BITS) {
      return bits;
    }
    return bits <= TWO_LEVEL_BITS ? bits - CHUNK_BITS : bits - TWO_LEVEL_BITS;
  }

  private long existing(long holder, int index) {
    long block = slabs.getLong(holder, index << 3);
    if (block == 0) {
      block = zeroed(8 << CHUNK_BITS);
      slabs.putLong(holder, index << 3, block);
    }
    return block;
  }

  private void releaseAt(long holder, int index) {
    long block = slabs.getLong(holder, index << 3);
    if (block != 0) {
      slabs.free(block);
      slabs.putLong(holder, index << 3, 0);
    }
  }

  private void relocateAt(long holder, int index) {
    long block = slabs.getLong(holder, index << 3);
    if (block != 0 && slabs.isSparse(block)) {
      slabs.putLong(holder, index << 3, slabs.relocate(block));
    }
  }

  private long zeroed(int bytes) {
    long block = slabs.allocate(bytes);
    slabs.zero(block, 0, bytes);
    return block;
  }
}
