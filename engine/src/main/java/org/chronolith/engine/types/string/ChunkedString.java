package org.chronolith.engine.types.string;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ElementChanges;
import org.chronolith.engine.keyspace.TypeSupport;
import org.chronolith.engine.keyspace.ValueDigest;
import org.chronolith.engine.keyspace.ValueForm;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * A long string: chunks of 64 KiB under a directory, so that a change in the middle of 512 MB costs
 * one chunk, in memory and in the next snapshot.
 *
 * <pre>
 * root       [0 collection id u64][8 length u32][12 chunks u32][16 directory u64]
 * directory  references of the chunks, with the chunk's mark as their tag
 * chunk      bytes; all but the last are full
 * item       key [chunk number u32, big-endian], value the chunk's bytes
 * </pre>
 *
 * It only ever grows. Thread: the owner of the keyspace.
 */
final class ChunkedString implements TypeSupport {
  /** Encoding of a string whose bytes lie in its entry. */
  static final int INLINE = 0;

  /** Encoding of a string in chunks. */
  static final int CHUNKED = 1;

  private static final int CHUNK_BYTES = SlabAllocator.MAX_BLOCK_BYTES;
  private static final int LENGTH_AT = 8;
  private static final int COUNT_AT = 12;
  private static final int DIRECTORY_AT = 16;
  private static final int ROOT_BYTES = 24;
  private static final int MARK_SHIFT = 48;

  private final SlabAllocator slabs;
  private final ElementChanges changes;

  ChunkedString(SlabAllocator slabs, ElementChanges changes) {
    this.slabs = slabs;
    this.changes = changes;
  }

  int length(long root) {
    return slabs.getInt(root, LENGTH_AT);
  }

  private int count(long root) {
    return slabs.getInt(root, COUNT_AT);
  }

  /** The chunk's reference, with its mark. */
  private long chunk(long root, int number) {
    return slabs.getLong(slabs.getLong(root, DIRECTORY_AT), number << 3);
  }

  private void putChunk(long root, int number, long chunk, byte mark) {
    slabs.putLong(
        slabs.getLong(root, DIRECTORY_AT),
        number << 3,
        chunk & SlabAllocator.ADDRESS_MASK | (mark & 0xFFL) << MARK_SHIFT);
  }

  private static byte mark(long chunk) {
    return (byte) (chunk >>> MARK_SHIFT);
  }

  private int chunkLength(long root, int number) {
    return Math.min(CHUNK_BYTES, length(root) - number * CHUNK_BYTES);
  }

  // ---------------------------------------------------------------- reading

  byte byteAt(long root, int index) {
    return slabs.getByte(chunk(root, index / CHUNK_BYTES), index % CHUNK_BYTES);
  }

  void copyTo(long root, int from, int length, ByteBuf out) {
    out.ensureWritable(length);
    int at = from;
    int end = from + length;
    while (at < end) {
      int inChunk = at % CHUNK_BYTES;
      int bytes = Math.min(end - at, CHUNK_BYTES - inChunk);
      slabs.copyOut(chunk(root, at / CHUNK_BYTES), inChunk, bytes, out);
      at += bytes;
    }
  }

  // ---------------------------------------------------------------- writing

  /** Makes the string longer with undefined bytes. */
  private void grow(long root, int newLength) {
    int chunks = (newLength + CHUNK_BYTES - 1) / CHUNK_BYTES;
    int count = count(root);
    reserveDirectory(root, chunks);
    if (count > 0 && chunkLength(root, count - 1) < CHUNK_BYTES) {
      int last = count - 1;
      int oldBytes = chunkLength(root, last);
      int newBytes = Math.min(CHUNK_BYTES, newLength - last * CHUNK_BYTES);
      willChangeChunk(root, last);
      long chunk = chunk(root, last);
      if (slabs.capacity(chunk) < newBytes) {
        long larger = slabs.allocate(newBytes);
        slabs.copy(chunk, 0, larger, 0, oldBytes);
        slabs.free(chunk);
        putChunk(root, last, larger, changes.current());
      }
    }
    for (int number = count; number < chunks; number++) {
      int bytes = Math.min(CHUNK_BYTES, newLength - number * CHUNK_BYTES);
      putChunk(root, number, slabs.allocate(bytes), changes.current());
    }
    slabs.putInt(root, COUNT_AT, chunks);
    slabs.putInt(root, LENGTH_AT, newLength);
  }

  private void reserveDirectory(long root, int chunks) {
    long directory = slabs.getLong(root, DIRECTORY_AT);
    int wanted = chunks << 3;
    if (slabs.capacity(directory) < wanted) {
      int doubled = Math.min(SlabAllocator.MAX_BLOCK_BYTES, slabs.capacity(directory) * 2);
      long larger = slabs.allocate(Math.max(wanted, doubled));
      slabs.copy(directory, 0, larger, 0, count(root) << 3);
      slabs.free(directory);
      slabs.putLong(root, DIRECTORY_AT, larger);
    }
  }

  /** Writes at an offset, growing; a gap is filled with zeros. REQUIRES: the entry will change. */
  void write(long root, int offset, Slice bytes) {
    int oldLength = length(root);
    int end = offset + bytes.length();
    if (end > oldLength) {
      grow(root, end);
      zero(root, oldLength, offset);
    }
    overwrite(root, offset, bytes.buffer(), bytes.offset(), bytes.length());
  }

  /** Fills an empty string with bytes of another block, at most one chunk. */
  void writeFrom(long root, long block, int at, int length) {
    if (length > 0) {
      grow(root, length);
      slabs.copy(block, at, chunk(root, 0), 0, length);
    }
  }

  private void zero(long root, int from, int to) {
    for (int at = from; at < to; ) {
      int inChunk = at % CHUNK_BYTES;
      int bytes = Math.min(to - at, CHUNK_BYTES - inChunk);
      slabs.zero(chunk(root, at / CHUNK_BYTES), inChunk, bytes);
      at += bytes;
    }
  }

  private void overwrite(long root, int offset, ByteBuf from, int index, int length) {
    int done = 0;
    while (done < length) {
      int at = offset + done;
      int inChunk = at % CHUNK_BYTES;
      int bytes = Math.min(length - done, CHUNK_BYTES - inChunk);
      willChangeChunk(root, at / CHUNK_BYTES);
      slabs.copyIn(chunk(root, at / CHUNK_BYTES), inChunk, from, index + done, bytes);
      done += bytes;
    }
  }

  private void willChangeChunk(long root, int number) {
    long chunk = chunk(root, number);
    if (mark(chunk) != changes.current()) {
      if (changes.isDue(mark(chunk))) {
        put(root, slabs.getLong(root, 0), number);
      }
      putChunk(root, number, chunk, changes.current());
    }
  }

  private void put(long root, long collectionId, int number) {
    changes.beginPut(collectionId).writeInt(number);
    slabs.copyOut(chunk(root, number), 0, chunkLength(root, number), changes.beginValue());
    changes.end();
  }

  // ---------------------------------------------------------------- for the keyspace

  @Override
  public ValueForm form(int encoding) {
    return encoding == INLINE ? ValueForm.INLINE : ValueForm.BIG;
  }

  @Override
  public void writeSmall(int encoding, long root, ByteBuf out) {
    throw notSmall();
  }

  @Override
  public long loadSmall(int encoding, Slice bytes) {
    throw notSmall();
  }

  @Override
  public void freeSmall(int encoding, long root) {
    throw notSmall();
  }

  private static IllegalStateException notSmall() {
    return new IllegalStateException("a string is inline or in chunks");
  }

  @Override
  public long createBig(int encoding, long collectionId) {
    long root = slabs.allocate(ROOT_BYTES);
    slabs.putLong(root, 0, collectionId);
    slabs.putInt(root, LENGTH_AT, 0);
    slabs.putInt(root, COUNT_AT, 0);
    slabs.putLong(root, DIRECTORY_AT, slabs.allocate(16));
    return root;
  }

  @Override
  public long loadElement(int encoding, long root, Slice itemKey, Slice value) {
    int number = count(root);
    if (itemKey.length() != 4 || itemKey.buffer().getInt(itemKey.offset()) != number) {
      throw damaged("chunk " + number + " is missing");
    }
    if (length(root) != number * CHUNK_BYTES
        || value.length() == 0
        || value.length() > CHUNK_BYTES) {
      throw damaged("chunk " + number + " has " + value.length() + " bytes");
    }
    reserveDirectory(root, number + 1);
    long chunk = slabs.allocate(value.length());
    slabs.copyIn(chunk, 0, value);
    slabs.putInt(root, COUNT_AT, number + 1);
    slabs.putInt(root, LENGTH_AT, length(root) + value.length());
    putChunk(root, number, chunk, changes.clean());
    return root;
  }

  private static EngineException damaged(String what) {
    return new EngineException(
        EngineException.Severity.CORRUPTION, "unreadable snapshot: of a long string, " + what);
  }

  @Override
  public void loaded(int encoding, long root) {
    if (length(root) == 0) {
      throw damaged("all chunks are missing");
    }
  }

  @Override
  public long walk(int encoding, long root, long collectionId, long cursor, int budget) {
    int count = count(root);
    int number = (int) cursor;
    // A chunk is 64 KiB: some hundred elements' worth of copying.
    int end = (int) Math.min(count, (long) number + 1 + budget / 256);
    for (; number < end; number++) {
      long chunk = chunk(root, number);
      if (changes.isDue(mark(chunk))) {
        put(root, collectionId, number);
        putChunk(root, number, chunk, changes.clean());
      }
    }
    return number == count ? 0 : number;
  }

  @Override
  public long freeBig(int encoding, long root, int budget) {
    int count = count(root);
    for (int freed = 0; freed < budget && count > 0; freed++) {
      slabs.free(chunk(root, --count));
    }
    slabs.putInt(root, COUNT_AT, count);
    if (count > 0) {
      return root;
    }
    slabs.free(slabs.getLong(root, DIRECTORY_AT));
    slabs.free(root);
    return 0;
  }

  @Override
  public long blocks(int encoding, long root) {
    return count(root) + 2L;
  }

  @Override
  public long bytes(int encoding, long root) {
    int count = count(root);
    long bytes = slabs.capacity(root) + (long) count * CHUNK_BYTES;
    if (count > 0) {
      bytes -= CHUNK_BYTES - slabs.capacity(chunk(root, count - 1));
      bytes += slabs.capacity(slabs.getLong(root, DIRECTORY_AT));
    }
    return bytes;
  }

  @Override
  public long exactBytes(int encoding, long root, long upTo) {
    return bytes(encoding, root);
  }

  @Override
  public long copy(int encoding, long root, long collectionId) {
    long copy = createBig(encoding, collectionId);
    grow(copy, length(root));
    for (int number = 0; number < count(root); number++) {
      slabs.copy(chunk(root, number), 0, chunk(copy, number), 0, chunkLength(root, number));
    }
    return copy;
  }

  @Override
  public long compact(int encoding, long root, long cursor, int budget, Relocation relocation) {
    long moved = slabs.relocate(root);
    relocation.root = moved;
    slabs.putLong(moved, DIRECTORY_AT, slabs.relocate(slabs.getLong(moved, DIRECTORY_AT)));
    int number = (int) cursor;
    int end = (int) Math.min(count(moved), (long) number + budget);
    for (; number < end; number++) {
      long chunk = chunk(moved, number);
      putChunk(moved, number, slabs.relocate(chunk), mark(chunk));
    }
    return number == count(moved) ? 0 : number;
  }

  @Override
  public void digest(int encoding, long root, ValueDigest digest) {
    copyTo(root, 0, length(root), digest.scratch());
    digest.mix();
  }
}
