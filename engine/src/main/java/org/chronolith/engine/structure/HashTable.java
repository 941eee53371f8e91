package org.chronolith.engine.structure;

import java.util.random.RandomGenerator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * A chained hash table off the heap. It resizes incrementally: each insertion and removal moves a
 * bounded number of buckets, so no operation ever pays for the whole table.
 *
 * <p>A table is named by the reference of its root block, and an entry by that of its block; this
 * object is an accessor that serves any number of tables of one layout.
 *
 * <pre>
 * root   [0 buckets u64][8 next buckets u64, 0 = not resizing][16 count u64]
 *        [24 moved u32: buckets below are in the next array; -1 = not resizing][28 bits u8][29 next bits u8]
 * bucket reference of the first entry, with 16 hash bits as its tag; 0 = empty
 * entry  [0 next: as a bucket][8.. the layout's]
 * </pre>
 *
 * While resizing, a key lives in the old array if its old bucket has not been moved yet, and in the
 * new one otherwise: so each operation looks into exactly one bucket. The tag lets a search pass
 * over entries of other keys without reading them.
 *
 * <p>High bits of the hash choose the bucket, so buckets are in the order of their entries' hashes
 * at any size: bucket b of a table splits into 2b and 2b + 1 of one twice as large. Hence resizing
 * and iteration go through memory in order, and an iteration is a position in the space of hashes,
 * which no resizing disturbs. The low bits are the tag.
 *
 * <p>Thread: the owner of the allocator.
 */
public final class HashTable {
  /** Bytes of the root block. */
  public static final int ROOT_BYTES = 32;

  private static final int NEXT_ARRAY_AT = 8;
  private static final int COUNT_AT = 16;
  private static final int STATE_AT = 24;
  private static final int MIN_BITS = 2;
  private static final int SHRINK_FACTOR = 8;
  private static final int EMPTY_BUCKETS_PER_MOVE = 16;
  private static final int TAG_SHIFT = 48;

  private final SlabAllocator slabs;
  private final EntryLayout layout;
  private final BucketArray arrays;

  // The bucket that locate() chose.
  private long locatedArray;
  private int locatedBits;
  private int locatedBucket;

  public HashTable(SlabAllocator slabs, EntryLayout layout) {
    this.slabs = slabs;
    this.layout = layout;
    this.arrays = new BucketArray(slabs);
  }

  /** A new, empty table with room for about {@code expected} entries. */
  public long create(long expected) {
    int bits = MIN_BITS;
    while (bits < BucketArray.MAX_BITS && (1L << bits) < expected) {
      bits++;
    }
    long root = slabs.allocate(ROOT_BYTES);
    slabs.putLong(root, 0, arrays.create(bits));
    slabs.putLong(root, NEXT_ARRAY_AT, 0);
    slabs.putLong(root, COUNT_AT, 0);
    putState(root, -1, bits, 0);
    return root;
  }

  /** The number of entries. */
  public long size(long root) {
    return slabs.getLong(root, COUNT_AT);
  }

  /** The entry of the key, or 0. Changes nothing. */
  public long find(long root, Slice key, long hash) {
    locate(root, hash);
    long chunk = arrays.chunk(locatedArray, locatedBits, locatedBucket);
    if (chunk == 0) {
      return 0;
    }
    long ref = slabs.getLong(chunk, BucketArray.slotAt(locatedBucket));
    while (ref != 0) {
      if (ref >>> TAG_SHIFT == (hash & 0xFFFF)) {
        long entry = ref & SlabAllocator.ADDRESS_MASK;
        if (layout.keyEquals(entry, key)) {
          return entry;
        }
      }
      ref = slabs.getLong(ref, 0);
    }
    return 0;
  }

  /** Adds an entry. REQUIRES: its key is not in the table, {@code hash} is its key's. */
  public void insert(long root, long entry, long hash) {
    long count = slabs.getLong(root, COUNT_AT) + 1;
    slabs.putLong(root, COUNT_AT, count);
    long state = slabs.getLong(root, STATE_AT);
    if (moved(state) >= 0) {
      rehash(root, 1);
    } else if (count > 1L << bits(state) && bits(state) < BucketArray.MAX_BITS) {
      startResize(root, bits(state), bits(state) + 1);
    }
    locate(root, hash);
    long chunk = arrays.chunkForWrite(locatedArray, locatedBits, locatedBucket);
    int at = BucketArray.slotAt(locatedBucket);
    slabs.putLong(entry, 0, slabs.getLong(chunk, at));
    slabs.putLong(chunk, at, tagged(entry, hash));
  }

  /** Unlinks the entry of the key and returns it (the caller frees it), or 0 if there is none. */
  public long remove(long root, Slice key, long hash) {
    long entry = find(root, key, hash);
    if (entry != 0) {
      unlink(root, entry, hash);
    }
    return entry;
  }

  /** Unlinks an entry; the caller frees it. REQUIRES: it is in the table under this hash. */
  public void unlink(long root, long entry, long hash) {
    relink(root, entry, hash, slabs.getLong(entry, 0));
    removed(root, 1);
  }

  /**
   * Puts {@code replacement} where {@code entry} was, for an entry that had to move to another
   * block; the caller frees the old one. REQUIRES: the same key.
   */
  public void replace(long root, long entry, long replacement, long hash) {
    slabs.putLong(replacement, 0, slabs.getLong(entry, 0));
    relink(root, entry, hash, tagged(replacement, hash));
  }

  private void relink(long root, long entry, long hash, long target) {
    locate(root, hash);
    long holder = arrays.chunk(locatedArray, locatedBits, locatedBucket);
    int at = BucketArray.slotAt(locatedBucket);
    long wanted = entry & SlabAllocator.ADDRESS_MASK;
    while (holder != 0) {
      long ref = slabs.getLong(holder, at);
      if ((ref & SlabAllocator.ADDRESS_MASK) == wanted) {
        slabs.putLong(holder, at, target);
        return;
      }
      holder = ref & SlabAllocator.ADDRESS_MASK;
      at = 0;
    }
    throw new IllegalStateException("the entry is not in this table");
  }

  private void removed(long root, long entries) {
    long count = slabs.getLong(root, COUNT_AT) - entries;
    slabs.putLong(root, COUNT_AT, count);
    long state = slabs.getLong(root, STATE_AT);
    if (moved(state) >= 0) {
      rehash(root, 1);
    } else if (bits(state) > MIN_BITS && count < (1L << bits(state)) / SHRINK_FACTOR) {
      startResize(root, bits(state), bits(state) - 2 < MIN_BITS ? MIN_BITS : bits(state) - 2);
    }
  }

  // ---------------------------------------------------------------- resizing

  /** Whether buckets wait to be moved. */
  public boolean isResizing(long root) {
    return moved(slabs.getLong(root, STATE_AT)) >= 0;
  }

  /**
   * Moves up to {@code buckets} buckets with entries, for idle time; insertions and removals do it
   * by themselves.
   *
   * @return whether more remain to be moved
   */
  public boolean rehash(long root, int buckets) {
    long state = slabs.getLong(root, STATE_AT);
    if (moved(state) < 0) {
      return false;
    }
    long array = slabs.getLong(root, 0);
    int bits = bits(state);
    int nextBits = nextBits(state);
    long end = 1L << bits;
    long bucket = moved(state);
    int empty = buckets * EMPTY_BUCKETS_PER_MOVE;
    int full = buckets;
    while (bucket < end && full > 0 && empty > 0) {
      long chunk = arrays.chunk(array, bits, (int) bucket);
      if (chunk == 0) {
        bucket = Math.min(end, BucketArray.nextChunk((int) bucket));
        empty--;
        continue;
      }
      long ref = slabs.getLong(chunk, BucketArray.slotAt((int) bucket));
      if (ref == 0) {
        empty--;
      } else {
        slabs.putLong(chunk, BucketArray.slotAt((int) bucket), 0);
        moveChain(slabs.getLong(root, NEXT_ARRAY_AT), bits, nextBits, (int) bucket, ref);
        full--;
      }
      bucket++;
      arrays.releaseBefore(array, bits, bucket);
    }
    if (bucket < end) {
      putState(root, (int) bucket, bits, nextBits);
      return true;
    }
    arrays.free(array);
    slabs.putLong(root, 0, slabs.getLong(root, NEXT_ARRAY_AT));
    slabs.putLong(root, NEXT_ARRAY_AT, 0);
    putState(root, -1, nextBits, 0);
    return false;
  }

  private void moveChain(long nextArray, int bits, int nextBits, int bucket, long first) {
    long ref = first;
    while (ref != 0) {
      long following = slabs.getLong(ref, 0);
      // A smaller array needs fewer bits of the hash, and those are in the old bucket's number.
      int target =
          nextBits <= bits
              ? bucket >>> bits - nextBits
              : bucketOf(layout.hash(ref & SlabAllocator.ADDRESS_MASK), nextBits);
      long chunk = arrays.chunkForWrite(nextArray, nextBits, target);
      int at = BucketArray.slotAt(target);
      slabs.putLong(ref, 0, slabs.getLong(chunk, at));
      slabs.putLong(chunk, at, ref);
      ref = following;
    }
  }

  private void startResize(long root, int bits, int nextBits) {
    slabs.putLong(root, NEXT_ARRAY_AT, arrays.create(nextBits));
    putState(root, 0, bits, nextBits);
  }

  // ---------------------------------------------------------------- iteration

  /**
   * Shows the entries of one step of an iteration and returns the cursor of the next step; 0 begins
   * and ends. Redis's guarantee: an entry that is in the table from begin to end is shown at least
   * once, whatever else happens to the table in between, resizing included.
   */
  public long scan(long root, long cursor, EntryVisitor visitor) {
    return rewrite(
        root,
        cursor,
        entry -> {
          visitor.visit(entry);
          return entry;
        });
  }

  /** As {@link #scan}, for a visitor that moves or removes entries. */
  public long rewrite(long root, long cursor, EntryRewriter rewriter) {
    // To the outside a cursor has its bits reversed, which makes it a small number, as Redis's are.
    long position = Long.reverse(cursor);
    locate(root, position);
    int shift = Long.SIZE - locatedBits;
    long next = locatedBucket + 1L << shift;
    long state = slabs.getLong(root, STATE_AT);
    if (moved(state) > 0) {
      // A bucket of a smaller next array may cover buckets that were not moved to it yet.
      long boundary = (long) moved(state) << Long.SIZE - bits(state);
      boolean crosses = next == 0 || Long.compareUnsigned(next, boundary) > 0;
      if (crosses && Long.compareUnsigned(position, boundary) < 0) {
        next = boundary;
      }
    }
    long unlinked = rewriteBucket(locatedArray, locatedBits, locatedBucket, rewriter);
    if (unlinked > 0) {
      removed(root, unlinked);
    }
    return Long.reverse(next);
  }

  /** As {@link #rewrite}, and moves the table's own blocks out of sparse slabs on the way. */
  public long compact(long root, long cursor, EntryRewriter rewriter) {
    long position = Long.reverse(cursor);
    relocateAround(root, position, 0, bits(slabs.getLong(root, STATE_AT)));
    if (isResizing(root)) {
      relocateAround(root, position, NEXT_ARRAY_AT, nextBits(slabs.getLong(root, STATE_AT)));
    }
    return rewrite(root, cursor, rewriter);
  }

  private void relocateAround(long root, long position, int arrayAt, int bits) {
    long array = slabs.getLong(root, arrayAt);
    if (slabs.isSparse(array)) {
      array = slabs.relocate(array);
      slabs.putLong(root, arrayAt, array);
    }
    arrays.relocateChunk(array, bits, bucketOf(position, bits));
  }

  private long rewriteBucket(long array, int bits, int bucket, EntryRewriter rewriter) {
    long holder = arrays.chunk(array, bits, bucket);
    if (holder == 0) {
      return 0;
    }
    int at = BucketArray.slotAt(bucket);
    long unlinked = 0;
    long ref = slabs.getLong(holder, at);
    while (ref != 0) {
      long entry = ref & SlabAllocator.ADDRESS_MASK;
      long following = slabs.getLong(ref, 0);
      long result = rewriter.rewrite(entry);
      if (result == 0) {
        slabs.putLong(holder, at, following);
        unlinked++;
      } else {
        if (result != entry) {
          slabs.putLong(result, 0, following);
          slabs.putLong(
              holder, at, (result & SlabAllocator.ADDRESS_MASK) | (ref >>> TAG_SHIFT << TAG_SHIFT));
        }
        holder = result;
        at = 0;
      }
      ref = following;
    }
    return unlinked;
  }

  /**
   * A random entry, or 0 if the table is empty: a random bucket, then a random one of its chain.
   */
  public long random(long root, RandomGenerator random) {
    if (size(root) == 0) {
      return 0;
    }
    while (true) {
      locate(root, random.nextLong());
      long chunk = arrays.chunk(locatedArray, locatedBits, locatedBucket);
      long first = chunk == 0 ? 0 : slabs.getLong(chunk, BucketArray.slotAt(locatedBucket));
      if (first == 0) {
        continue;
      }
      int length = 0;
      for (long ref = first; ref != 0; ref = slabs.getLong(ref, 0)) {
        length++;
      }
      long ref = first;
      for (int skip = random.nextInt(length); skip > 0; skip--) {
        ref = slabs.getLong(ref, 0);
      }
      return ref & SlabAllocator.ADDRESS_MASK;
    }
  }

  // ---------------------------------------------------------------- the end

  /**
   * Takes the table apart in slices: gives up to about {@code budget} entries to {@code freer},
   * which frees them, and frees the table's own blocks on the way. REQUIRES: nobody uses the table
   * any more.
   *
   * @return true once everything is freed, the root included
   */
  public boolean drain(long root, int budget, EntryVisitor freer) {
    int left = budget;
    while (true) {
      long array = slabs.getLong(root, 0);
      long state = slabs.getLong(root, STATE_AT);
      int bits = bits(state);
      long end = 1L << bits;
      long bucket = Math.max(0, moved(state));
      while (bucket < end && left > 0) {
        long chunk = arrays.chunk(array, bits, (int) bucket);
        if (chunk == 0) {
          bucket = Math.min(end, BucketArray.nextChunk((int) bucket));
          left--;
          continue;
        }
        long ref = slabs.getLong(chunk, BucketArray.slotAt((int) bucket));
        slabs.putLong(chunk, BucketArray.slotAt((int) bucket), 0);
        left -= (bucket & 15) == 0 ? 1 : 0;
        while (ref != 0) {
          long following = slabs.getLong(ref, 0);
          freer.visit(ref & SlabAllocator.ADDRESS_MASK);
          slabs.putLong(root, COUNT_AT, slabs.getLong(root, COUNT_AT) - 1);
          left--;
          ref = following;
        }
        bucket++;
        arrays.releaseBefore(array, bits, bucket);
      }
      if (bucket < end) {
        putState(root, (int) bucket, bits, nextBits(state));
        return false;
      }
      arrays.free(array);
      long nextArray = slabs.getLong(root, NEXT_ARRAY_AT);
      if (nextArray == 0) {
        slabs.free(root);
        return true;
      }
      slabs.putLong(root, 0, nextArray);
      slabs.putLong(root, NEXT_ARRAY_AT, 0);
      putState(root, 0, nextBits(state), 0);
    }
  }

  // ---------------------------------------------------------------- inside

  private void locate(long root, long hash) {
    long state = slabs.getLong(root, STATE_AT);
    int bits = bits(state);
    int bucket = bucketOf(hash, bits);
    if (bucket < moved(state)) {
      locatedArray = slabs.getLong(root, NEXT_ARRAY_AT);
      locatedBits = nextBits(state);
      locatedBucket = bucketOf(hash, locatedBits);
    } else {
      locatedArray = slabs.getLong(root, 0);
      locatedBits = bits;
      locatedBucket = bucket;
    }
  }

  private static int bucketOf(long hash, int bits) {
    return (int) (hash >>> Long.SIZE - bits);
  }

  private static long tagged(long entry, long hash) {
    return (entry & SlabAllocator.ADDRESS_MASK) | hash << TAG_SHIFT;
  }

  private void putState(long root, int moved, int bits, int nextBits) {
    slabs.putLong(
        root, STATE_AT, (moved & 0xFFFFFFFFL) | (long) bits << 32 | (long) nextBits << 40);
  }

  private static int moved(long state) {
    return (int) state;
  }

  private static int bits(long state) {
    return (int) (state >>> 32) & 0xFF;
  }

  private static int nextBits(long state) {
    return (int) (state >>> 40) & 0xFF;
  }

  /** Checks the table's invariants entry by entry; for tests. */
  public void validate(long root) {
    long state = slabs.getLong(root, STATE_AT);
    boolean resizing = moved(state) >= 0;
    long found = countValid(root, slabs.getLong(root, 0), bits(state));
    if (resizing != (slabs.getLong(root, NEXT_ARRAY_AT) != 0)) {
      throw new IllegalStateException("resizing " + resizing + " disagrees with the next array");
    }
    if (resizing) {
      found += countValid(root, slabs.getLong(root, NEXT_ARRAY_AT), nextBits(state));
    }
    if (found != size(root)) {
      throw new IllegalStateException("found " + found + " entries, counted " + size(root));
    }
  }

  private long countValid(long root, long array, int bits) {
    long found = 0;
    for (long bucket = 0; bucket < 1L << bits; bucket++) {
      long chunk = arrays.chunk(array, bits, (int) bucket);
      if (chunk == 0) {
        continue;
      }
      long ref = slabs.getLong(chunk, BucketArray.slotAt((int) bucket));
      for (; ref != 0; ref = slabs.getLong(ref, 0)) {
        long hash = layout.hash(ref & SlabAllocator.ADDRESS_MASK);
        locate(root, hash);
        if (locatedArray != array || locatedBucket != bucket) {
          throw new IllegalStateException("an entry is in bucket " + bucket + " of 2^" + bits);
        }
        if (ref >>> TAG_SHIFT != (hash & 0xFFFF)) {
          throw new IllegalStateException("an entry's tag is wrong in bucket " + bucket);
        }
        found++;
      }
    }
    return found;
  }
}
