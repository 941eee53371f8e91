package org.chronolith.engine.memory;

import java.util.Arrays;

/**
 * A bitmap of the live blocks of each slab, kept while assertions are on: by it an access to a
 * freed block and a double free are caught. Thread: the owner of the allocator.
 */
final class LiveBlocks {
  /** A block begins at a multiple of 16 bytes. */
  private static final int GRANULE_SHIFT = 4;

  private long[][] live;

  LiveBlocks(int slots) {
    live = new long[slots][];
  }

  void grow(int slots) {
    live = Arrays.copyOf(live, slots);
  }

  void open(int slab) {
    if (live[slab] == null) {
      live[slab] = new long[SlabAllocator.SLAB_BYTES >>> GRANULE_SHIFT >>> 6];
    }
  }

  void close(int slab) {
    live[slab] = null;
  }

  /** Whether the slab was opened. */
  boolean isOpen(int slab) {
    return live[slab] != null;
  }

  boolean contains(int slab, int offset) {
    int granule = offset >>> GRANULE_SHIFT;
    return (live[slab][granule >>> 6] & (1L << granule)) != 0 && offset == granule << GRANULE_SHIFT;
  }

  /** Adds a block; false if it was there. */
  boolean add(int slab, int offset) {
    boolean wasLive = contains(slab, offset);
    int granule = offset >>> GRANULE_SHIFT;
    live[slab][granule >>> 6] |= 1L << granule;
    return !wasLive;
  }

  /** Removes a block; false if it was not there. */
  boolean remove(int slab, int offset) {
    boolean wasLive = contains(slab, offset);
    int granule = offset >>> GRANULE_SHIFT;
    live[slab][granule >>> 6] &= ~(1L << granule);
    return wasLive;
  }
}
