package org.chronolith.engine.structure;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * Elements too long for their block or entry: a chain of chunks of up to 64 KiB, of any length up
 * to 2 GiB.
 *
 * <pre>
 *   first chunk: [next i64][length i32][bytes]     others: [next i64][bytes]
 * </pre>
 *
 * All chunks but the last are full. A way to look at chains, not a chain; thread: the owner of the
 * keyspace.
 */
public final class ByteChain {
  private static final int CHUNK_BYTES = 65_536;
  private static final int LENGTH = 8;
  private static final int FIRST_HEADER = 12;
  private static final int HEADER = 8;

  private final SlabAllocator slabs;

  public ByteChain(SlabAllocator slabs) {
    this.slabs = slabs;
  }

  /** A new chain with a copy of {@code value}. */
  public long create(Slice value) {
    return create(value.buffer(), value.offset(), value.length());
  }

  /** A new chain with a copy of {@code [index, index + length)} of {@code source}. */
  public long create(ByteBuf source, int index, int length) {
    long first = 0;
    long previous = 0;
    int done = 0;
    int header = FIRST_HEADER;
    do {
      int bytes = Math.min(length - done, CHUNK_BYTES - header);
      long chunk = slabs.allocate(header + bytes);
      slabs.putLong(chunk, 0, 0);
      slabs.copyIn(chunk, header, source, index + done, bytes);
      if (first == 0) {
        first = chunk;
        slabs.putInt(chunk, LENGTH, length);
      } else {
        slabs.putLong(previous, 0, chunk);
      }
      previous = chunk;
      done += bytes;
      header = HEADER;
    } while (done < length);
    return first;
  }

  /** A new chain with the same bytes. */
  public long copy(long chain) {
    long first = 0;
    long previous = 0;
    for (long chunk = chain; chunk != 0; chunk = slabs.getLong(chunk, 0)) {
      int bytes = slabs.capacity(chunk);
      long copied = slabs.allocate(bytes);
      slabs.copy(chunk, 0, copied, 0, bytes);
      slabs.putLong(copied, 0, 0);
      if (first == 0) {
        first = copied;
      } else {
        slabs.putLong(previous, 0, copied);
      }
      previous = copied;
    }
    return first;
  }

  public int length(long chain) {
    return slabs.getInt(chain, LENGTH);
  }

  /** All bytes appended to {@code out}. */
  public void copyTo(long chain, ByteBuf out) {
    int left = length(chain);
    int header = FIRST_HEADER;
    out.ensureWritable(left);
    for (long chunk = chain; chunk != 0; chunk = slabs.getLong(chunk, 0)) {
      int bytes = Math.min(left, CHUNK_BYTES - header);
      slabs.copyOut(chunk, header, bytes, out);
      left -= bytes;
      header = HEADER;
    }
  }

  public boolean equals(long chain, Slice other) {
    return length(chain) == other.length() && compare(chain, other) == 0;
  }

  /** Unsigned comparison, byte by byte; a prefix comes first. */
  public int compare(long chain, Slice other) {
    int length = length(chain);
    int common = Math.min(length, other.length());
    int at = FIRST_HEADER;
    long chunk = chain;
    for (int i = 0; i < common; i++) {
      if (at == CHUNK_BYTES) {
        chunk = slabs.getLong(chunk, 0);
        at = HEADER;
      }
      int compared = Byte.compareUnsigned(slabs.getByte(chunk, at++), other.get(i));
      if (compared != 0) {
        return compared;
      }
    }
    return Integer.compare(length, other.length());
  }

  /** Unsigned comparison of two chains. */
  public int compare(long chain, long other) {
    int length = length(chain);
    int otherLength = length(other);
    int compared = compare(chain, other, FIRST_HEADER, CHUNK_BYTES, Math.min(length, otherLength));
    return compared != 0 ? compared : Integer.compare(length, otherLength);
  }

  /** Unsigned comparison of a chain with {@code otherLength} bytes inside a block. */
  public int compare(long chain, long block, int at, int otherLength) {
    int length = length(chain);
    int compared = compare(chain, block, at, at + otherLength, Math.min(length, otherLength));
    return compared != 0 ? compared : Integer.compare(length, otherLength);
  }

  private int compare(long chain, long other, int at, int otherEnd, int common) {
    long mine = chain;
    int mineAt = FIRST_HEADER;
    long theirs = other;
    int theirsAt = at;
    int left = common;
    while (left > 0) {
      if (mineAt == CHUNK_BYTES) {
        mine = slabs.getLong(mine, 0);
        mineAt = HEADER;
      }
      if (theirsAt == otherEnd) {
        theirs = slabs.getLong(theirs, 0);
        theirsAt = HEADER;
      }
      int bytes = Math.min(left, Math.min(CHUNK_BYTES - mineAt, otherEnd - theirsAt));
      int compared = slabs.compare(mine, mineAt, bytes, theirs, theirsAt, bytes);
      if (compared != 0) {
        return compared;
      }
      mineAt += bytes;
      theirsAt += bytes;
      left -= bytes;
    }
    return 0;
  }

  /** Moves the chunks that lie in sparse slabs; returns the first chunk. */
  public long relocate(long chain) {
    long first = slabs.relocate(chain);
    long previous = first;
    for (long chunk = slabs.getLong(first, 0); chunk != 0; chunk = slabs.getLong(chunk, 0)) {
      chunk = slabs.relocate(chunk);
      slabs.putLong(previous, 0, chunk);
      previous = chunk;
    }
    return first;
  }

  /**
   * Frees at most {@code maxChunks} chunks of a chain that nobody looks at any more.
   *
   * @return what is left of it, 0 when nothing is
   */
  public long free(long chain, int maxChunks) {
    long chunk = chain;
    for (int i = 0; i < maxChunks && chunk != 0; i++) {
      long next = slabs.getLong(chunk, 0);
      slabs.free(chunk);
      chunk = next;
    }
    return chunk;
  }

  /** Frees all of it: for elements removed one by one, at most 8,192 chunks. */
  public void free(long chain) {
    free(chain, Integer.MAX_VALUE);
  }
}
