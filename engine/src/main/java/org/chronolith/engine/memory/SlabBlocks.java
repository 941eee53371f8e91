package org.chronolith.engine.memory;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Which blocks of each slab are taken: its size class, its free list, how far it is carved into
 * blocks, and the lists of the slabs that have room. A free block's first four bytes are the offset
 * of the next one. Thread: the owner of the allocator.
 */
final class SlabBlocks {
  /** Neither open nor in a list: there is no such slab, or it is empty. */
  private static final byte CLOSED = 0;

  private static final byte ALLOCATING = 1;
  private static final byte SPARSE = 2;

  private byte[] states;
  private byte[] classes;
  private int[] classBytes;
  private int[] freeHeads;
  private int[] carved;
  private int[] usedBlocks;
  private int[] nextSlab;
  private int[] previousSlab;
  private final int[] firstPartial = new int[SizeClasses.COUNT];
  private final int[] lastPartial = new int[SizeClasses.COUNT];
  private int sparseSlabs;
  private long usedBytes;

  SlabBlocks(int slots) {
    states = new byte[slots];
    classes = new byte[slots];
    classBytes = new int[slots];
    freeHeads = new int[slots];
    carved = new int[slots];
    usedBlocks = new int[slots];
    nextSlab = new int[slots];
    previousSlab = new int[slots];
  }

  void grow(int slots) {
    states = Arrays.copyOf(states, slots);
    classes = Arrays.copyOf(classes, slots);
    classBytes = Arrays.copyOf(classBytes, slots);
    freeHeads = Arrays.copyOf(freeHeads, slots);
    carved = Arrays.copyOf(carved, slots);
    usedBlocks = Arrays.copyOf(usedBlocks, slots);
    nextSlab = Arrays.copyOf(nextSlab, slots);
    previousSlab = Arrays.copyOf(previousSlab, slots);
  }

  /** The slab of this class to allocate in, 0 if none has room. */
  int withRoom(int sizeClass) {
    return firstPartial[sizeClass];
  }

  /** Makes an empty slab one of this class. */
  void open(int slab, int sizeClass) {
    states[slab] = ALLOCATING;
    classes[slab] = (byte) sizeClass;
    classBytes[slab] = SizeClasses.bytes(sizeClass);
    freeHeads[slab] = -1;
    carved[slab] = 0;
    usedBlocks[slab] = 0;
    linkPartial(slab);
  }

  /** Takes a block in a slab that has room; answers its offset. */
  int take(int slab, ByteBuffer memory) {
    int size = classBytes[slab];
    int offset = freeHeads[slab];
    if (offset >= 0) {
      freeHeads[slab] = memory.getInt(offset);
    } else {
      offset = carved[slab];
      carved[slab] = offset + size;
    }
    usedBlocks[slab]++;
    usedBytes += size;
    if (freeHeads[slab] < 0 && carved[slab] + size > SlabAllocator.SLAB_BYTES) {
      unlinkPartial(slab);
    }
    return offset;
  }

  /** Gives a block back; true if its slab is empty, and closed, now. */
  boolean giveBack(int slab, int offset, ByteBuffer memory) {
    int size = classBytes[slab];
    int head = freeHeads[slab];
    boolean wasFull = head < 0 && carved[slab] + size > SlabAllocator.SLAB_BYTES;
    memory.putInt(offset, head);
    freeHeads[slab] = offset;
    usedBytes -= size;
    if (--usedBlocks[slab] == 0) {
      close(slab, wasFull);
      return true;
    }
    if (wasFull && states[slab] == ALLOCATING) {
      linkPartial(slab);
    }
    return false;
  }

  /** Bytes of all blocks that are taken. */
  long usedBytes() {
    return usedBytes;
  }

  private void close(int slab, boolean wasFull) {
    if (states[slab] == SPARSE) {
      sparseSlabs--;
    } else if (!wasFull) {
      unlinkPartial(slab);
    }
    states[slab] = CLOSED;
  }

  /** Forgets all slabs. */
  void clear() {
    Arrays.fill(states, CLOSED);
    Arrays.fill(firstPartial, 0);
    Arrays.fill(lastPartial, 0);
    sparseSlabs = 0;
    usedBytes = 0;
  }

  private void linkPartial(int slab) {
    int sizeClass = classes[slab];
    int last = lastPartial[sizeClass];
    previousSlab[slab] = last;
    nextSlab[slab] = 0;
    if (last == 0) {
      firstPartial[sizeClass] = slab;
    } else {
      nextSlab[last] = slab;
    }
    lastPartial[sizeClass] = slab;
  }

  private void unlinkPartial(int slab) {
    int sizeClass = classes[slab];
    int previous = previousSlab[slab];
    int next = nextSlab[slab];
    if (previous == 0) {
      firstPartial[sizeClass] = next;
    } else {
      nextSlab[previous] = next;
    }
    if (next == 0) {
      lastPartial[sizeClass] = previous;
    } else {
      previousSlab[next] = previous;
    }
  }

  // ---------------------------------------------------------------- sparse slabs

  /** See {@link SlabAllocator#markSparse}. */
  void markSparse(int maxFillPercent) {
    for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
      markSparse(sizeClass, maxFillPercent);
    }
  }

  private void markSparse(int sizeClass, int maxFillPercent) {
    int perSlab = SlabAllocator.SLAB_BYTES / SizeClasses.bytes(sizeClass);
    int partial = 0;
    long blocks = 0;
    for (int slab = firstPartial[sizeClass]; slab != 0; slab = nextSlab[slab]) {
      partial++;
      blocks += usedBlocks[slab];
    }
    int surplus = partial - (int) ((blocks + perSlab - 1) / perSlab);
    if (surplus <= 0) {
      return;
    }
    long[] byFill = new long[partial];
    int i = 0;
    for (int slab = firstPartial[sizeClass]; slab != 0; slab = nextSlab[slab]) {
      byFill[i++] = (long) usedBlocks[slab] << 32 | slab;
    }
    Arrays.sort(byFill);
    for (int k = 0; k < surplus; k++) {
      int slab = (int) byFill[k];
      if (usedBlocks[slab] * 100L > (long) perSlab * maxFillPercent) {
        return;
      }
      unlinkPartial(slab);
      states[slab] = SPARSE;
      sparseSlabs++;
    }
  }

  /** Lets blocks be allocated again in slabs that are still marked. */
  void unmarkSparse() {
    for (int slab = 1; slab < states.length && sparseSlabs > 0; slab++) {
      if (states[slab] == SPARSE) {
        states[slab] = ALLOCATING;
        sparseSlabs--;
        linkPartial(slab);
      }
    }
  }

  /** Slabs marked sparse and not yet empty. */
  int sparseSlabs() {
    return sparseSlabs;
  }

  boolean isSparse(int slab) {
    return states[slab] == SPARSE;
  }

  // ---------------------------------------------------------------- what is known of a slab

  boolean isOpen(int slab) {
    return states[slab] != CLOSED;
  }

  /** Bytes of each of its blocks. */
  int blockBytes(int slab) {
    return classBytes[slab];
  }

  int usedBlocks(int slab) {
    return usedBlocks[slab];
  }

  int carvedBytes(int slab) {
    return carved[slab];
  }

  /** Offset of the first free block, negative if there is none. */
  int freeHead(int slab) {
    return freeHeads[slab];
  }

  /** Whether it is in the list of those that have room. */
  boolean isListed(int slab) {
    for (int s = firstPartial[classes[slab]]; s != 0; s = nextSlab[s]) {
      if (s == slab) {
        return true;
      }
    }
    return false;
  }
}
