package org.chronolith.engine.structure;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * The blocks of {@link BlockList}: their layout in a slab, and what is done to one block alone.
 *
 * <pre>
 *   block: [previous i64][next i64][order key i64][mark u8][kind u8] then a {@link CompactList}, or [chain i64]
 * </pre>
 *
 * A place in a block is one of its compact list; the only element of a chained block has place 0.
 * Thread: the owner of the keyspace.
 */
final class ListBlocks {
  private static final int PREVIOUS = 0;
  private static final int NEXT = 8;
  private static final int KEY = 16;
  private static final int MARK = 24;
  private static final int KIND = 25;
  private static final int HEADER_BYTES = 26;
  private static final int CHAIN = HEADER_BYTES;
  private static final byte COMPACT = 0;
  private static final byte CHAINED = 1;

  /** The elements of a block that is not chained. */
  final CompactList compact;

  private final SlabAllocator slabs;
  private final ByteChain chains;
  private final int blockBytes;

  /**
   * @param blockBytes bytes of elements that a block takes
   */
  ListBlocks(SlabAllocator slabs, int blockBytes) {
    this.slabs = slabs;
    this.compact = new CompactList(slabs, HEADER_BYTES);
    this.chains = new ByteChain(slabs);
    this.blockBytes = Math.min(blockBytes, CompactList.MAX_ELEMENT_BYTES);
  }

  // ---------------------------------------------------------------- header

  long previous(long block) {
    return slabs.getLong(block, PREVIOUS);
  }

  void setPrevious(long block, long previous) {
    slabs.putLong(block, PREVIOUS, previous);
  }

  long next(long block) {
    return slabs.getLong(block, NEXT);
  }

  void setNext(long block, long next) {
    slabs.putLong(block, NEXT, next);
  }

  long orderKey(long block) {
    return slabs.getLong(block, KEY);
  }

  void setOrderKey(long block, long key) {
    slabs.putLong(block, KEY, key);
  }

  byte mark(long block) {
    return slabs.getByte(block, MARK);
  }

  void setMark(long block, byte mark) {
    slabs.putByte(block, MARK, mark);
  }

  boolean isChained(long block) {
    return slabs.getByte(block, KIND) == CHAINED;
  }

  private void clearHeader(long block, byte kind) {
    slabs.putLong(block, PREVIOUS, 0);
    slabs.putLong(block, NEXT, 0);
    slabs.putLong(block, KEY, 0);
    slabs.putByte(block, MARK, (byte) 0);
    slabs.putByte(block, KIND, kind);
  }

  // ---------------------------------------------------------------- elements

  /** Whether {@code length} bytes go into a block with others rather than into a chain. */
  boolean isSmall(int length) {
    return length <= blockBytes;
  }

  /** Whether the block, 0 being none, takes {@code length} bytes more. */
  boolean hasRoom(long block, int length) {
    return block != 0 && !isChained(block) && fits(block, CompactList.elementBytes(length));
  }

  /** Whether a block that is not chained may grow by so many bytes. */
  boolean fits(long block, int moreBytes) {
    return compact.usedBytes(block) + moreBytes <= blockBytes;
  }

  int elements(long block) {
    return isChained(block) ? 1 : compact.count(block);
  }

  /** Place of the first element; 0 if there is no block. */
  int first(long block) {
    return block == 0 || isChained(block) ? 0 : compact.first(block);
  }

  /** Place of the last element; 0 if there is no block. */
  int last(long block) {
    return block == 0 || isChained(block) ? 0 : compact.last(block);
  }

  /** Place of the element with this index. */
  int at(long block, int index) {
    return isChained(block) ? 0 : compact.at(block, index);
  }

  /** Place of the next element, {@link CompactList#NONE} after the last. */
  int after(long block, int position) {
    return isChained(block) ? CompactList.NONE : compact.next(block, position);
  }

  /** Place of the element before, {@link CompactList#NONE} before the first. */
  int before(long block, int position) {
    return isChained(block) ? CompactList.NONE : compact.previous(block, position);
  }

  void element(long block, int position, StoredBytes element) {
    if (isChained(block)) {
      element.setChain(chain(block));
    } else {
      compact.element(block, position, element);
    }
  }

  boolean equals(long block, int position, Slice value) {
    return isChained(block)
        ? chains.equals(chain(block), value)
        : compact.equals(block, position, value);
  }

  // ---------------------------------------------------------------- making and freeing

  /** A block with one element; it is not linked. */
  long create(Slice value) {
    if (isSmall(value.length())) {
      long block = compact.create(CompactList.elementBytes(value.length()));
      clearHeader(block, COMPACT);
      return compact.insert(block, compact.end(block), value);
    }
    return chained(chains.create(value));
  }

  private long chained(long chain) {
    long block = slabs.allocate(CHAIN + Long.BYTES);
    clearHeader(block, CHAINED);
    slabs.putLong(block, CHAIN, chain);
    return block;
  }

  /** A block with the elements of a {@link CompactList} that has no header before it. */
  long create(CompactList small, long blob) {
    long block = compact.copyOf(small, blob);
    clearHeader(block, COMPACT);
    return block;
  }

  /** Takes the elements from a place on out of a block, into a new one; it is not linked. */
  long split(long block, int position) {
    long right = compact.split(block, position);
    clearHeader(right, COMPACT);
    return right;
  }

  /** A copy with the same order key; it is not linked. */
  long copy(long block) {
    long copied;
    if (isChained(block)) {
      copied = chained(chains.copy(chain(block)));
    } else {
      copied = compact.copy(block);
      clearHeader(copied, COMPACT);
    }
    setOrderKey(copied, orderKey(block));
    return copied;
  }

  /** Appends {@code [kind u8]} and the elements in a form {@link #load} reads. */
  void serialise(long block, ByteBuf out) {
    byte kind = slabs.getByte(block, KIND);
    out.writeByte(kind);
    if (kind == COMPACT) {
      compact.serialise(block, out);
    } else {
      chains.copyTo(chain(block), out);
    }
  }

  /** The block read from {@code in} up to its end, or 0 if that is not well-formed. */
  long load(ByteBuf in) {
    if (!in.isReadable()) {
      return 0;
    }
    byte kind = in.readByte();
    if (kind == CHAINED) {
      long block = chained(chains.create(in, in.readerIndex(), in.readableBytes()));
      in.skipBytes(in.readableBytes());
      return block;
    }
    if (kind != COMPACT) {
      return 0;
    }
    long block = compact.load(in);
    if (block == 0) {
      return 0;
    }
    if (compact.count(block) == 0 || in.isReadable()) {
      slabs.free(block);
      return 0;
    }
    clearHeader(block, COMPACT);
    return block;
  }

  /** Frees a block with all it holds. */
  void free(long block) {
    if (isChained(block)) {
      chains.free(chain(block));
    }
    slabs.free(block);
  }

  /**
   * Frees a block if that frees at most about {@code maxChunks} chunks of its chain, otherwise so
   * many of them; true if the block is gone.
   */
  boolean free(long block, int maxChunks) {
    if (isChained(block)) {
      long rest = chains.free(chain(block), maxChunks);
      if (rest != 0) {
        slabs.putLong(block, CHAIN, rest);
        return false;
      }
    }
    slabs.free(block);
    return true;
  }

  /** Moves a block, and the chain it may hold, out of a sparse slab; answers the block. */
  long relocate(long block) {
    if (isChained(block)) {
      slabs.putLong(block, CHAIN, chains.relocate(chain(block)));
    }
    return slabs.relocate(block);
  }

  private long chain(long block) {
    return slabs.getLong(block, CHAIN);
  }
}
