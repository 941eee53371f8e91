package org.chronolith.engine.keyspace;

import java.util.Arrays;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * The keys of a space that expire, the next one on top: a heap with four children a node, off the
 * heap of the JVM, in chunks of 4,096 items {@code [expire at ms i64][entry u64]}. Each entry knows
 * its index here, so that a changed or removed expiry costs no search. New expiries are mostly
 * later than others and stay where they are put.
 */
final class ExpiryHeap {
  private static final int CHUNK_SHIFT = 12;
  private static final int CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;
  private static final int ITEM_SHIFT = 4;

  private final SlabAllocator slabs;
  private long[] chunks = new long[4];
  private int chunkCount;
  private int size;

  ExpiryHeap(SlabAllocator slabs) {
    this.slabs = slabs;
  }

  int size() {
    return size;
  }

  /** The entry that expires next. REQUIRES: not empty. */
  long first() {
    return entry(0);
  }

  /** When the first entry expires. REQUIRES: not empty. */
  long firstMs() {
    return ms(0);
  }

  void add(long entry, long expireAtMs) {
    if (size == chunkCount << CHUNK_SHIFT) {
      if (chunkCount == chunks.length) {
        chunks = Arrays.copyOf(chunks, chunkCount * 2);
      }
      chunks[chunkCount++] = slabs.allocate(1 << CHUNK_SHIFT + ITEM_SHIFT);
    }
    up(size++, entry, expireAtMs);
  }

  void remove(long entry) {
    int index = slabs.getInt(entry, Entries.HEAP_INDEX_AT);
    size--;
    if (index != size) {
      settle(index, entry(size), ms(size));
    }
    // One chunk more than needed stays, so that a boundary is not crossed to and fro.
    if (chunkCount - 2 << CHUNK_SHIFT >= size && chunkCount > 1) {
      slabs.free(chunks[--chunkCount]);
    }
  }

  void update(long entry, long expireAtMs) {
    settle(slabs.getInt(entry, Entries.HEAP_INDEX_AT), entry, expireAtMs);
  }

  /** The entry at {@code entry} is a moved copy of one that is in the heap. */
  void moved(long entry) {
    int index = slabs.getInt(entry, Entries.HEAP_INDEX_AT);
    put(index, entry, ms(index));
  }

  void free() {
    while (chunkCount > 0) {
      slabs.free(chunks[--chunkCount]);
    }
    size = 0;
  }

  private void settle(int index, long entry, long expireAtMs) {
    if (index > 0 && ms(index - 1 >>> 2) > expireAtMs) {
      up(index, entry, expireAtMs);
    } else {
      down(index, entry, expireAtMs);
    }
  }

  private void up(int from, long entry, long expireAtMs) {
    int index = from;
    while (index > 0) {
      int parent = index - 1 >>> 2;
      if (ms(parent) <= expireAtMs) {
        break;
      }
      put(index, entry(parent), ms(parent));
      index = parent;
    }
    put(index, entry, expireAtMs);
  }

  private void down(int from, long entry, long expireAtMs) {
    int index = from;
    while (true) {
      long firstChild = ((long) index << 2) + 1;
      if (firstChild >= size) {
        break;
      }
      int least = (int) firstChild;
      int end = (int) Math.min(firstChild + 4, size);
      for (int child = least + 1; child < end; child++) {
        if (ms(child) < ms(least)) {
          least = child;
        }
      }
      if (ms(least) >= expireAtMs) {
        break;
      }
      put(index, entry(least), ms(least));
      index = least;
    }
    put(index, entry, expireAtMs);
  }

  private long ms(int index) {
    return slabs.getLong(chunks[index >>> CHUNK_SHIFT], (index & CHUNK_MASK) << ITEM_SHIFT);
  }

  private long entry(int index) {
    return slabs.getLong(chunks[index >>> CHUNK_SHIFT], ((index & CHUNK_MASK) << ITEM_SHIFT) + 8);
  }

  private void put(int index, long entry, long expireAtMs) {
    long chunk = chunks[index >>> CHUNK_SHIFT];
    int at = (index & CHUNK_MASK) << ITEM_SHIFT;
    slabs.putLong(chunk, at, expireAtMs);
    slabs.putLong(chunk, at + 8, entry);
    slabs.putInt(entry, Entries.HEAP_INDEX_AT, index);
  }

  /** Moves its chunks out of sparse slabs. */
  void compact() {
    for (int i = 0; i < chunkCount; i++) {
      chunks[i] = slabs.relocate(chunks[i]);
    }
  }

  void validate() {
    for (int i = 0; i < size; i++) {
      if (i > 0 && ms(i - 1 >>> 2) > ms(i)) {
        throw new IllegalStateException("expiry heap out of order at " + i);
      }
      long entry = entry(i);
      if (slabs.getInt(entry, Entries.HEAP_INDEX_AT) != i
          || slabs.getLong(entry, Entries.EXPIRE_AT) != ms(i)) {
        throw new IllegalStateException("expiry heap and entry disagree at " + i);
      }
    }
  }
}
