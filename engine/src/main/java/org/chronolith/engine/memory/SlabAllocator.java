package org.chronolith.engine.memory;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;

/**
 * Hands out blocks of direct memory, addressed by 64-bit references.
 *
 * <p>A reference holds an address in its low 48 bits (0 is null) and leaves the upper 16 bits to
 * whoever holds it: every method here ignores them. An address is {@code slab index << 20 | offset
 * in the slab}; slab 0 does not exist, so no block has address 0. All blocks of a slab have one
 * size class, so a block needs no header: its capacity is its slab's class. Offsets {@code at}
 * count from the start of the block. Numbers are little-endian.
 *
 * <p>{@link #allocate} does not zero. A slab that becomes empty changes class or goes back to the
 * {@link SlabSource}. Slabs that are much emptier than needed can be marked sparse ({@link
 * #markSparse}); then no block is allocated there, and whoever walks the data moves blocks out with
 * {@link #relocate}.
 *
 * <p>With assertions on, each access is checked against a bitmap of live blocks, and freed blocks
 * are poisoned.
 *
 * <p>Thread: one owner at a time (that of the keyspace); no synchronisation inside.
 */
public final class SlabAllocator implements AutoCloseable {
  /** Bytes in a slab. */
  public static final int SLAB_BYTES = 1 << 20;

  /** The largest block. */
  public static final int MAX_BLOCK_BYTES = 1 << 16;

  /** The address bits of a reference. */
  public static final long ADDRESS_MASK = (1L << 48) - 1;

  private static final int SLAB_SHIFT = 20;
  private static final int OFFSET_MASK = SLAB_BYTES - 1;
  private static final boolean CHECKED = SlabAllocator.class.desiredAssertionStatus();
  private static final byte POISON = (byte) 0xDB;

  private final SlabSource source;
  private final long maxBytes;
  private final long reserveBytes;
  private final BlockHash blockHash;

  private ByteBuf[] owners = new ByteBuf[16];
  private ByteBuffer[] slabs = new ByteBuffer[16];

  /** A second view of each slab, whose position and limit may move: for bulk copies. */
  private ByteBuffer[] cursors = new ByteBuffer[16];

  private final SlabBlocks blocks = new SlabBlocks(16);
  private final LiveBlocks live = new LiveBlocks(16);
  private int slabSlots = 1;
  private int[] vacantSlots = new int[16];
  private int vacantCount;
  private int spareSlab;
  private long reservedBytes;
  private long spareBytes;

  /**
   * @param maxBytes the most that may be reserved from the source
   * @param hashSeed seed of {@link #hash}; from a random source, so that nobody can choose
   *     colliding keys
   */
  public SlabAllocator(SlabSource source, long maxBytes, long hashSeed) {
    if (maxBytes < SLAB_BYTES) {
      throw new IllegalArgumentException("maxBytes " + maxBytes + " is less than a slab");
    }
    this.source = source;
    this.maxBytes = maxBytes;
    this.reserveBytes = Math.min(8L * SLAB_BYTES, maxBytes / 8);
    this.blockHash = new BlockHash(hashSeed);
  }

  // ---------------------------------------------------------------- allocation

  /**
   * A block of at least {@code bytes}; its content is undefined.
   *
   * @param bytes 1 to {@link #MAX_BLOCK_BYTES}
   * @throws EngineException FATAL if the limit is reached: see {@link #canAllocate}
   */
  public long allocate(int bytes) {
    if (bytes > MAX_BLOCK_BYTES || bytes <= 0) {
      throw new IllegalArgumentException("a block of " + bytes + " bytes");
    }
    int sizeClass = SizeClasses.of(bytes);
    int slab = blocks.withRoom(sizeClass);
    if (slab == 0) {
      slab = openSlab(sizeClass);
    }
    int offset = blocks.take(slab, slabs[slab]);
    assert live.add(slab, offset);
    return ((long) slab << SLAB_SHIFT) | offset;
  }

  /** Gives a block back. Freeing twice is caught with assertions on. */
  public void free(long ref) {
    int slab = slabOf(ref);
    int offset = (int) ref & OFFSET_MASK;
    assert live.remove(slab, offset) && poison(slab, offset) : "double free of " + describe(ref);
    if (blocks.giveBack(slab, offset, slabs[slab])) {
      if (spareSlab == 0) {
        spareSlab = slab;
      } else {
        vacate(slab);
      }
    }
  }

  /** Bytes that the block can hold: its size class. */
  public int capacity(long ref) {
    return blocks.blockBytes(slabOf(ref));
  }

  /** The capacity that a block of {@code bytes} would have. */
  public static int capacityFor(int bytes) {
    return SizeClasses.bytes(SizeClasses.of(bytes));
  }

  /** Bytes in live blocks, each rounded up to its class. */
  public long usedBytes() {
    return blocks.usedBytes();
  }

  /** Bytes taken from the source: slabs times {@link #SLAB_BYTES}. */
  public long reservedBytes() {
    return reservedBytes;
  }

  /** The most that may be reserved. */
  public long maxBytes() {
    return maxBytes;
  }

  /**
   * Whether a command that stores about {@code bytes} may run. A reserve of up to 8 MiB is never
   * granted here, so that what a granted command causes (a table growing, a collection changing its
   * encoding, a pre-image) cannot fail half-way.
   */
  public boolean canAllocate(long bytes) {
    long wanted = bytes < MAX_BLOCK_BYTES ? 0 : bytes + bytes / 8;
    return wanted + reserveBytes <= Math.min(maxBytes - reservedBytes, source.leftBytes());
  }

  /**
   * From now on at least so many bytes of the source are left to its other takers: 0, unless this
   * is a data set that is made beside the one that serves.
   */
  public void leave(long bytes) {
    spareBytes = bytes;
  }

  private int openSlab(int sizeClass) {
    int slab = spareSlab;
    if (slab != 0) {
      spareSlab = 0;
    } else {
      ByteBuf owner = reservedBytes + SLAB_BYTES > maxBytes ? null : source.take(spareBytes);
      if (owner == null) {
        throw new EngineException(
            spareBytes == 0 ? EngineException.Severity.FATAL : EngineException.Severity.RETRYABLE,
            spareBytes == 0
                ? "the limit of " + maxBytes + " bytes is exhausted"
                : "the memory of the process does not hold this data set beside the one that serves:"
                    + " it had "
                    + reservedBytes
                    + " bytes. Raise -XX:MaxDirectMemorySize");
      }
      slab = vacantCount > 0 ? vacantSlots[--vacantCount] : slabSlots++;
      if (slab == slabs.length) {
        growSlots(slab * 2);
      }
      owners[slab] = owner;
      slabs[slab] = owner.nioBuffer(0, SLAB_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      cursors[slab] = slabs[slab].duplicate();
      reservedBytes += SLAB_BYTES;
    }
    if (CHECKED) {
      live.open(slab);
    }
    blocks.open(slab, sizeClass);
    return slab;
  }

  private void vacate(int slab) {
    source.giveBack(owners[slab]);
    owners[slab] = null;
    slabs[slab] = null;
    cursors[slab] = null;
    live.close(slab);
    reservedBytes -= SLAB_BYTES;
    if (vacantCount == vacantSlots.length) {
      vacantSlots = Arrays.copyOf(vacantSlots, vacantCount * 2);
    }
    vacantSlots[vacantCount++] = slab;
  }

  private void growSlots(int slots) {
    owners = Arrays.copyOf(owners, slots);
    slabs = Arrays.copyOf(slabs, slots);
    cursors = Arrays.copyOf(cursors, slots);
    blocks.grow(slots);
    live.grow(slots);
  }

  // ---------------------------------------------------------------- sparse slabs

  /**
   * Marks the slabs that the data does not need: per size class, the emptiest slabs whose blocks
   * fit into the free room of the others and that are filled to at most {@code maxFillPercent}.
   * Nothing is allocated in a marked slab.
   *
   * @return how many slabs are marked
   */
  public int markSparse(int maxFillPercent) {
    blocks.markSparse(maxFillPercent);
    return blocks.sparseSlabs();
  }

  /** Lets blocks be allocated again in slabs that are still marked. */
  public void unmarkSparse() {
    blocks.unmarkSparse();
  }

  /** Slabs marked sparse and not yet empty. */
  public int sparseSlabs() {
    return blocks.sparseSlabs();
  }

  /** Whether the block lies in a marked slab and should move. */
  public boolean isSparse(long ref) {
    return blocks.isSparse(slabOf(ref));
  }

  /**
   * Moves a block out of a marked slab.
   *
   * @return the block's new reference with the tag of {@code ref}; the old one is freed. The same
   *     reference if the block need not move.
   */
  public long relocate(long ref) {
    int slab = slabOf(ref);
    if (!blocks.isSparse(slab)) {
      return ref;
    }
    int bytes = blocks.blockBytes(slab);
    long moved = allocate(bytes);
    copy(ref, 0, moved, 0, bytes);
    free(ref);
    return moved | (ref & ~ADDRESS_MASK);
  }

  // ---------------------------------------------------------------- access

  public byte getByte(long ref, int at) {
    assert inLiveBlock(ref, at, 1);
    return slabs[slabOf(ref)].get(((int) ref & OFFSET_MASK) + at);
  }

  public short getShort(long ref, int at) {
    assert inLiveBlock(ref, at, 2);
    return slabs[slabOf(ref)].getShort(((int) ref & OFFSET_MASK) + at);
  }

  public int getInt(long ref, int at) {
    assert inLiveBlock(ref, at, 4);
    return slabs[slabOf(ref)].getInt(((int) ref & OFFSET_MASK) + at);
  }

  public long getLong(long ref, int at) {
    assert inLiveBlock(ref, at, 8);
    return slabs[slabOf(ref)].getLong(((int) ref & OFFSET_MASK) + at);
  }

  public double getDouble(long ref, int at) {
    return Double.longBitsToDouble(getLong(ref, at));
  }

  public void putByte(long ref, int at, byte value) {
    assert inLiveBlock(ref, at, 1);
    slabs[slabOf(ref)].put(((int) ref & OFFSET_MASK) + at, value);
  }

  public void putShort(long ref, int at, short value) {
    assert inLiveBlock(ref, at, 2);
    slabs[slabOf(ref)].putShort(((int) ref & OFFSET_MASK) + at, value);
  }

  public void putInt(long ref, int at, int value) {
    assert inLiveBlock(ref, at, 4);
    slabs[slabOf(ref)].putInt(((int) ref & OFFSET_MASK) + at, value);
  }

  public void putLong(long ref, int at, long value) {
    assert inLiveBlock(ref, at, 8);
    slabs[slabOf(ref)].putLong(((int) ref & OFFSET_MASK) + at, value);
  }

  public void putDouble(long ref, int at, double value) {
    putLong(ref, at, Double.doubleToRawLongBits(value));
  }

  // ---------------------------------------------------------------- bulk

  /** Copies a slice into the block. */
  public void copyIn(long ref, int at, Slice from) {
    copyIn(ref, at, from.buffer(), from.offset(), from.length());
  }

  /** Copies {@code [index, index + length)} of a buffer into the block. */
  public void copyIn(long ref, int at, ByteBuf from, int index, int length) {
    assert inLiveBlock(ref, at, length);
    if (length > 0) {
      from.getBytes(index, cursor(ref, at, length));
    }
  }

  /** Copies bytes into the block. */
  public void copyIn(long ref, int at, byte[] from, int index, int length) {
    assert inLiveBlock(ref, at, length);
    slabs[slabOf(ref)].put(((int) ref & OFFSET_MASK) + at, from, index, length);
  }

  /** Copies between blocks or within one; overlapping ranges are safe. */
  public void copy(long from, int fromAt, long to, int toAt, int length) {
    assert inLiveBlock(from, fromAt, length) && inLiveBlock(to, toAt, length);
    slabs[slabOf(to)].put(
        ((int) to & OFFSET_MASK) + toAt,
        slabs[slabOf(from)],
        ((int) from & OFFSET_MASK) + fromAt,
        length);
  }

  /** Appends bytes of the block at the buffer's writer index. */
  public void copyOut(long ref, int at, int length, ByteBuf to) {
    assert inLiveBlock(ref, at, length);
    if (length > 0) {
      to.writeBytes(cursor(ref, at, length));
    }
  }

  /** Copies bytes of the block to the heap. */
  public void copyOut(long ref, int at, int length, byte[] to, int index) {
    assert inLiveBlock(ref, at, length);
    slabs[slabOf(ref)].get(((int) ref & OFFSET_MASK) + at, to, index, length);
  }

  /** Sets each byte of the range to zero. */
  public void zero(long ref, int at, int length) {
    assert inLiveBlock(ref, at, length);
    BlockBytes.zero(slabs[slabOf(ref)], ((int) ref & OFFSET_MASK) + at, length);
  }

  // ---------------------------------------------------------------- comparing and hashing

  /** Whether the {@code length} bytes at {@code at} are those of the slice. */
  public boolean equals(long ref, int at, int length, Slice other) {
    if (length != other.length()) {
      return false;
    }
    assert inLiveBlock(ref, at, length);
    int from = ((int) ref & OFFSET_MASK) + at;
    return BlockBytes.equals(slabs[slabOf(ref)], from, other);
  }

  /** Whether two ranges of {@code length} bytes are equal. */
  public boolean equals(long ref, int at, long other, int otherAt, int length) {
    return compare(ref, at, length, other, otherAt, length) == 0;
  }

  /** Orders as {@code memcmp} does, bytes unsigned; a prefix comes first. */
  public int compare(long ref, int at, int length, Slice other) {
    assert inLiveBlock(ref, at, length);
    int from = ((int) ref & OFFSET_MASK) + at;
    return BlockBytes.compare(slabs[slabOf(ref)], from, length, other);
  }

  /** Orders two ranges as {@code memcmp} does, bytes unsigned; a prefix comes first. */
  public int compare(long ref, int at, int length, long other, int otherAt, int otherLength) {
    assert inLiveBlock(ref, at, length) && inLiveBlock(other, otherAt, otherLength);
    return BlockBytes.compare(
        slabs[slabOf(ref)],
        ((int) ref & OFFSET_MASK) + at,
        length,
        slabs[slabOf(other)],
        ((int) other & OFFSET_MASK) + otherAt,
        otherLength);
  }

  /** A seeded 64-bit hash of the bytes; equal bytes in a block hash alike. */
  public long hash(Slice bytes) {
    return blockHash.of(bytes.buffer(), bytes.offset(), bytes.length());
  }

  /** The hash of bytes in a block: equal to that of a slice with the same bytes. */
  public long hash(long ref, int at, int length) {
    assert inLiveBlock(ref, at, length);
    return blockHash.of(slabs[slabOf(ref)], ((int) ref & OFFSET_MASK) + at, length);
  }

  // ---------------------------------------------------------------- checks

  private static int slabOf(long ref) {
    return (int) ((ref & ADDRESS_MASK) >>> SLAB_SHIFT);
  }

  private ByteBuffer cursor(long ref, int at, int length) {
    int from = ((int) ref & OFFSET_MASK) + at;
    return cursors[slabOf(ref)].limit(from + length).position(from);
  }

  private boolean poison(int slab, int offset) {
    int end = offset + blocks.blockBytes(slab);
    for (int at = offset; at < end; at++) {
      slabs[slab].put(at, POISON);
    }
    return true;
  }

  private boolean inLiveBlock(long ref, int at, int length) {
    int slab = slabOf(ref);
    if (slab == 0 || slab >= slabSlots || !live.isOpen(slab)) {
      throw new AssertionError("no block: " + describe(ref));
    }
    if (!live.contains(slab, (int) ref & OFFSET_MASK)) {
      throw new AssertionError("not a live block: " + describe(ref));
    }
    if (at < 0 || length < 0 || at + length > blocks.blockBytes(slab)) {
      throw new AssertionError("[" + at + ", +" + length + ") is outside of " + describe(ref));
    }
    return true;
  }

  private String describe(long ref) {
    int slab = slabOf(ref);
    return "slab "
        + slab
        + " offset "
        + ((int) ref & OFFSET_MASK)
        + " class "
        + (slab > 0 && slab < slabSlots ? blocks.blockBytes(slab) : -1);
  }

  /** Checks all internal invariants; for tests. */
  public void validate() {
    new SlabAudit(this, blocks).run();
  }

  int slabSlots() {
    return slabSlots;
  }

  boolean isPresent(int slab) {
    return slabs[slab] != null;
  }

  int nextFree(int slab, int offset) {
    return slabs[slab].getInt(offset);
  }

  /** Returns every slab to the source; later access fails. */
  @Override
  public void close() {
    for (int slab = 1; slab < slabSlots; slab++) {
      if (slabs[slab] != null) {
        vacate(slab);
      }
    }
    blocks.clear();
    spareSlab = 0;
    slabSlots = 1;
    vacantCount = 0;
  }
}
