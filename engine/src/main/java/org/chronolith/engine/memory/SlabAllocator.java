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
  private static final int GRANULE_SHIFT = 4;
  private static final boolean CHECKED = SlabAllocator.class.desiredAssertionStatus();
  private static final byte POISON = (byte) 0xDB;
  private static final byte ABSENT = 0;
  private static final byte ALLOCATING = 1;
  private static final byte SPARSE = 2;

  private final SlabSource source;
  private final long maxBytes;
  private final long reserveBytes;
  private final BlockHash blockHash;

  private ByteBuf[] owners = new ByteBuf[16];
  private ByteBuffer[] slabs = new ByteBuffer[16];

  /** A second view of each slab, whose position and limit may move: for bulk copies. */
  private ByteBuffer[] cursors = new ByteBuffer[16];

  private byte[] states = new byte[16];
  private byte[] classes = new byte[16];
  private int[] classBytes = new int[16];
  private int[] freeHeads = new int[16];
  private int[] carved = new int[16];
  private int[] usedBlocks = new int[16];
  private int[] nextSlab = new int[16];
  private int[] previousSlab = new int[16];
  private long[][] live = new long[16][];

  private int slabSlots = 1;
  private final int[] firstPartial = new int[SizeClasses.COUNT];
  private final int[] lastPartial = new int[SizeClasses.COUNT];
  private int[] vacantSlots = new int[16];
  private int vacantCount;
  private int spareSlab;
  private long usedBytes;
  private long reservedBytes;
  private int sparseSlabs;

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
    int slab = firstPartial[sizeClass];
    if (slab == 0) {
      slab = openSlab(sizeClass);
    }
    int size = classBytes[slab];
    int offset = freeHeads[slab];
    if (offset >= 0) {
      freeHeads[slab] = slabs[slab].getInt(offset);
    } else {
      offset = carved[slab];
      carved[slab] = offset + size;
    }
    usedBlocks[slab]++;
    usedBytes += size;
    if (freeHeads[slab] < 0 && carved[slab] + size > SLAB_BYTES) {
      unlinkPartial(slab);
    }
    assert setLive(slab, offset);
    return ((long) slab << SLAB_SHIFT) | offset;
  }

  /** Gives a block back. Freeing twice is caught with assertions on. */
  public void free(long ref) {
    int slab = slabOf(ref);
    int offset = (int) ref & OFFSET_MASK;
    int size = classBytes[slab];
    assert clearLive(slab, offset) : "double free of " + describe(ref);
    boolean wasFull = freeHeads[slab] < 0 && carved[slab] + size > SLAB_BYTES;
    slabs[slab].putInt(offset, freeHeads[slab]);
    freeHeads[slab] = offset;
    usedBytes -= size;
    if (--usedBlocks[slab] == 0) {
      closeSlab(slab, wasFull);
    } else if (wasFull && states[slab] == ALLOCATING) {
      linkPartial(slab);
    }
  }

  /** Bytes that the block can hold: its size class. */
  public int capacity(long ref) {
    return classBytes[slabOf(ref)];
  }

  /** The capacity that a block of {@code bytes} would have. */
  public static int capacityFor(int bytes) {
    return SizeClasses.bytes(SizeClasses.of(bytes));
  }

  /** Bytes in live blocks, each rounded up to its class. */
  public long usedBytes() {
    return usedBytes;
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
    return reservedBytes + wanted + reserveBytes <= maxBytes;
  }

  private int openSlab(int sizeClass) {
    int slab = spareSlab;
    if (slab != 0) {
      spareSlab = 0;
    } else {
      if (reservedBytes + SLAB_BYTES > maxBytes) {
        throw new EngineException(
            EngineException.Severity.FATAL, "the limit of " + maxBytes + " bytes is exhausted");
      }
      ByteBuf owner = source.take();
      slab = vacantCount > 0 ? vacantSlots[--vacantCount] : slabSlots++;
      if (slab == slabs.length) {
        growSlots(slab * 2);
      }
      owners[slab] = owner;
      slabs[slab] = owner.nioBuffer(0, SLAB_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      cursors[slab] = slabs[slab].duplicate();
      reservedBytes += SLAB_BYTES;
    }
    states[slab] = ALLOCATING;
    classes[slab] = (byte) sizeClass;
    classBytes[slab] = SizeClasses.bytes(sizeClass);
    freeHeads[slab] = -1;
    carved[slab] = 0;
    usedBlocks[slab] = 0;
    if (CHECKED && live[slab] == null) {
      live[slab] = new long[SLAB_BYTES >>> GRANULE_SHIFT >>> 6];
    }
    linkPartial(slab);
    return slab;
  }

  private void closeSlab(int slab, boolean wasFull) {
    if (states[slab] == SPARSE) {
      sparseSlabs--;
    } else if (!wasFull) {
      unlinkPartial(slab);
    }
    states[slab] = ABSENT;
    if (spareSlab == 0) {
      spareSlab = slab;
    } else {
      vacate(slab);
    }
  }

  private void vacate(int slab) {
    source.giveBack(owners[slab]);
    owners[slab] = null;
    slabs[slab] = null;
    cursors[slab] = null;
    live[slab] = null;
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
    states = Arrays.copyOf(states, slots);
    classes = Arrays.copyOf(classes, slots);
    classBytes = Arrays.copyOf(classBytes, slots);
    freeHeads = Arrays.copyOf(freeHeads, slots);
    carved = Arrays.copyOf(carved, slots);
    usedBlocks = Arrays.copyOf(usedBlocks, slots);
    nextSlab = Arrays.copyOf(nextSlab, slots);
    previousSlab = Arrays.copyOf(previousSlab, slots);
    live = Arrays.copyOf(live, slots);
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

  /**
   * Marks the slabs that the data does not need: per size class, the emptiest slabs whose blocks
   * fit into the free room of the others and that are filled to at most {@code maxFillPercent}.
   * Nothing is allocated in a marked slab.
   *
   * @return how many slabs are marked
   */
  public int markSparse(int maxFillPercent) {
    for (int sizeClass = 0; sizeClass < SizeClasses.COUNT; sizeClass++) {
      markSparse(sizeClass, maxFillPercent);
    }
    return sparseSlabs;
  }

  private void markSparse(int sizeClass, int maxFillPercent) {
    int perSlab = SLAB_BYTES / SizeClasses.bytes(sizeClass);
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
  public void unmarkSparse() {
    for (int slab = 1; slab < slabSlots && sparseSlabs > 0; slab++) {
      if (states[slab] == SPARSE) {
        states[slab] = ALLOCATING;
        sparseSlabs--;
        linkPartial(slab);
      }
    }
  }

  /** Slabs marked sparse and not yet empty. */
  public int sparseSlabs() {
    return sparseSlabs;
  }

  /** Whether the block lies in a marked slab and should move. */
  public boolean isSparse(long ref) {
    return states[slabOf(ref)] == SPARSE;
  }

  /**
   * Moves a block out of a marked slab.
   *
   * @return the block's new reference with the tag of {@code ref}; the old one is freed. The same
   *     reference if the block need not move.
   */
  public long relocate(long ref) {
    int slab = slabOf(ref);
    if (states[slab] != SPARSE) {
      return ref;
    }
    int bytes = classBytes[slab];
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
    ByteBuffer slab = slabs[slabOf(ref)];
    int from = ((int) ref & OFFSET_MASK) + at;
    int end = from + length;
    for (; from + 8 <= end; from += 8) {
      slab.putLong(from, 0L);
    }
    for (; from < end; from++) {
      slab.put(from, (byte) 0);
    }
  }

  // ---------------------------------------------------------------- comparing and hashing

  /** Whether the {@code length} bytes at {@code at} are those of the slice. */
  public boolean equals(long ref, int at, int length, Slice other) {
    if (length != other.length()) {
      return false;
    }
    assert inLiveBlock(ref, at, length);
    ByteBuffer slab = slabs[slabOf(ref)];
    int from = ((int) ref & OFFSET_MASK) + at;
    ByteBuf buffer = other.buffer();
    int index = other.offset();
    int end = from + length;
    for (; from + 8 <= end; from += 8, index += 8) {
      if (slab.getLong(from) != buffer.getLongLE(index)) {
        return false;
      }
    }
    for (; from < end; from++, index++) {
      if (slab.get(from) != buffer.getByte(index)) {
        return false;
      }
    }
    return true;
  }

  /** Whether two ranges of {@code length} bytes are equal. */
  public boolean equals(long ref, int at, long other, int otherAt, int length) {
    return compare(ref, at, length, other, otherAt, length) == 0;
  }

  /** Orders as {@code memcmp} does, bytes unsigned; a prefix comes first. */
  public int compare(long ref, int at, int length, Slice other) {
    assert inLiveBlock(ref, at, length);
    ByteBuffer slab = slabs[slabOf(ref)];
    int from = ((int) ref & OFFSET_MASK) + at;
    ByteBuf buffer = other.buffer();
    int index = other.offset();
    int end = from + Math.min(length, other.length());
    for (; from + 8 <= end; from += 8, index += 8) {
      long mine = slab.getLong(from);
      long theirs = buffer.getLongLE(index);
      if (mine != theirs) {
        return compareWords(mine, theirs);
      }
    }
    for (; from < end; from++, index++) {
      int difference = (slab.get(from) & 0xFF) - (buffer.getByte(index) & 0xFF);
      if (difference != 0) {
        return difference;
      }
    }
    return Integer.compare(length, other.length());
  }

  /** Orders two ranges as {@code memcmp} does, bytes unsigned; a prefix comes first. */
  public int compare(long ref, int at, int length, long other, int otherAt, int otherLength) {
    assert inLiveBlock(ref, at, length) && inLiveBlock(other, otherAt, otherLength);
    ByteBuffer slab = slabs[slabOf(ref)];
    ByteBuffer otherSlab = slabs[slabOf(other)];
    int from = ((int) ref & OFFSET_MASK) + at;
    int index = ((int) other & OFFSET_MASK) + otherAt;
    int end = from + Math.min(length, otherLength);
    for (; from + 8 <= end; from += 8, index += 8) {
      long mine = slab.getLong(from);
      long theirs = otherSlab.getLong(index);
      if (mine != theirs) {
        return compareWords(mine, theirs);
      }
    }
    for (; from < end; from++, index++) {
      int difference = (slab.get(from) & 0xFF) - (otherSlab.get(index) & 0xFF);
      if (difference != 0) {
        return difference;
      }
    }
    return Integer.compare(length, otherLength);
  }

  private static int compareWords(long mine, long theirs) {
    return Long.compareUnsigned(Long.reverseBytes(mine), Long.reverseBytes(theirs));
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

  private boolean setLive(int slab, int offset) {
    int granule = offset >>> GRANULE_SHIFT;
    boolean wasLive = (live[slab][granule >>> 6] & (1L << granule)) != 0;
    live[slab][granule >>> 6] |= 1L << granule;
    return !wasLive;
  }

  private boolean clearLive(int slab, int offset) {
    int granule = offset >>> GRANULE_SHIFT;
    boolean wasLive = (live[slab][granule >>> 6] & (1L << granule)) != 0;
    live[slab][granule >>> 6] &= ~(1L << granule);
    for (int at = offset; at < offset + classBytes[slab]; at++) {
      slabs[slab].put(at, POISON);
    }
    return wasLive;
  }

  private boolean inLiveBlock(long ref, int at, int length) {
    int slab = slabOf(ref);
    if (slab == 0 || slab >= slabSlots || live[slab] == null) {
      throw new AssertionError("no block: " + describe(ref));
    }
    int granule = ((int) ref & OFFSET_MASK) >>> GRANULE_SHIFT;
    if ((live[slab][granule >>> 6] & (1L << granule)) == 0 || ((int) ref & 15) != 0) {
      throw new AssertionError("not a live block: " + describe(ref));
    }
    if (at < 0 || length < 0 || at + length > classBytes[slab]) {
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
        + (slab > 0 && slab < slabSlots ? classBytes[slab] : -1);
  }

  /** Checks all internal invariants; for tests. */
  public void validate() {
    new SlabAudit(this).run();
  }

  int slabSlots() {
    return slabSlots;
  }

  boolean isPresent(int slab) {
    return slabs[slab] != null;
  }

  boolean isOpen(int slab) {
    return slabs[slab] != null && states[slab] != ABSENT;
  }

  boolean isMarkedSparse(int slab) {
    return states[slab] == SPARSE;
  }

  int usedBlocks(int slab) {
    return usedBlocks[slab];
  }

  int blockBytes(int slab) {
    return classBytes[slab];
  }

  int carvedBytes(int slab) {
    return carved[slab];
  }

  int freeHead(int slab) {
    return freeHeads[slab];
  }

  int nextFree(int slab, int offset) {
    return slabs[slab].getInt(offset);
  }

  boolean isListedPartial(int slab) {
    for (int s = firstPartial[classes[slab]]; s != 0; s = nextSlab[s]) {
      if (s == slab) {
        return true;
      }
    }
    return false;
  }

  /** Returns every slab to the source; later access fails. */
  @Override
  public void close() {
    for (int slab = 1; slab < slabSlots; slab++) {
      if (slabs[slab] != null) {
        vacate(slab);
      }
    }
    Arrays.fill(firstPartial, 0);
    Arrays.fill(lastPartial, 0);
    spareSlab = 0;
    usedBytes = 0;
    sparseSlabs = 0;
    slabSlots = 1;
    vacantCount = 0;
  }
}
