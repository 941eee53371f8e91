package org.chronolith.engine.structure;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * A long list: blocks of small elements, doubly linked. An element beyond the block limit has a
 * block of its own, which holds a {@link ByteChain}.
 *
 * <pre>
 *   root:  [head i64][tail i64][count i64][collection id i64][blocks i64]
 *   block: [previous i64][next i64][order key i64][mark u8][kind u8] then a {@link CompactList}, or [chain i64]
 * </pre>
 *
 * <p>The order key is a block's name in snapshots: keys ascend along the list and a block keeps its
 * own while it lives, except that insertions into the middle may use up the gap between two keys;
 * then some blocks behind are given new ones, as if they were removed and added.
 *
 * <p>A way to look at lists, not a list: a list is named by the reference of its root, which never
 * moves by itself. Before a block listener, {@link BlockListener} hears of it. Thread: the owner of
 * the keyspace.
 */
public final class BlockList {
  static final int ROOT_BYTES = 40;
  static final int BLOCK_HEADER_BYTES = 26;

  /** Distance of order keys at the ends: 2^46 blocks in each direction, 16 halvings between two. */
  static final long KEY_GAP = 1L << 16;

  private static final int HEAD = 0;
  private static final int TAIL = 8;
  private static final int COUNT = 16;
  private static final int ID = 24;
  private static final int BLOCKS = 32;

  private static final int PREVIOUS = 0;
  private static final int NEXT = 8;
  private static final int KEY = 16;
  private static final int MARK = 24;
  private static final int KIND = 25;
  private static final int CHAIN = 26;
  private static final byte COMPACT = 0;
  private static final byte CHAINED = 1;

  private final SlabAllocator slabs;
  private final CompactList compact;
  private final ByteChain chains;
  private final BlockListener listener;
  private final int blockBytes;
  private final Walk snapshotWalk = new Walk();
  private final Walk compactionWalk = new Walk();

  /**
   * @param blockBytes bytes of elements that a block takes before the next one is begun
   */
  public BlockList(SlabAllocator slabs, int blockBytes, BlockListener listener) {
    this.slabs = slabs;
    this.compact = new CompactList(slabs, BLOCK_HEADER_BYTES);
    this.chains = new ByteChain(slabs);
    this.listener = listener;
    this.blockBytes = Math.min(blockBytes, CompactList.MAX_ELEMENT_BYTES);
  }

  /** A new empty list whose blocks snapshots store under {@code collectionId}. */
  public long create(long collectionId) {
    long root = slabs.allocate(ROOT_BYTES);
    slabs.putLong(root, HEAD, 0);
    slabs.putLong(root, TAIL, 0);
    slabs.putLong(root, COUNT, 0);
    slabs.putLong(root, ID, collectionId);
    slabs.putLong(root, BLOCKS, 0);
    return root;
  }

  public long count(long root) {
    return slabs.getLong(root, COUNT);
  }

  public long collectionId(long root) {
    return slabs.getLong(root, ID);
  }

  public long blocks(long root) {
    return slabs.getLong(root, BLOCKS);
  }

  /** First block, 0 when empty. */
  public long head(long root) {
    return slabs.getLong(root, HEAD);
  }

  /** The block after this one, 0 at the end. */
  public long nextBlock(long block) {
    return slabs.getLong(block, NEXT);
  }

  public long orderKey(long block) {
    return slabs.getLong(block, KEY);
  }

  public byte mark(long block) {
    return slabs.getByte(block, MARK);
  }

  public void setMark(long block, byte mark) {
    slabs.putByte(block, MARK, mark);
  }

  /** Whether {@code length} bytes go into a block with others rather than into a chain. */
  public boolean isSmall(int length) {
    return length <= blockBytes;
  }

  public void pushLast(long root, Slice value) {
    long tail = slabs.getLong(root, TAIL);
    if (!isSmall(value.length())) {
      linkAfter(root, tail, newChained(value));
    } else if (hasRoom(tail, value.length())) {
      listener.changing(root, tail);
      relink(root, tail, compact.insert(tail, compact.end(tail), value));
    } else {
      linkAfter(root, tail, newCompact(value));
    }
    addCount(root, 1);
  }

  public void pushFirst(long root, Slice value) {
    long head = slabs.getLong(root, HEAD);
    if (!isSmall(value.length())) {
      linkAfter(root, 0, newChained(value));
    } else if (hasRoom(head, value.length())) {
      listener.changing(root, head);
      relink(root, head, compact.insert(head, compact.start(head), value));
    } else {
      linkAfter(root, 0, newCompact(value));
    }
    addCount(root, 1);
  }

  /** Removes the first {@code howMany} elements, or all. */
  public void removeFirst(long root, long howMany) {
    long left = Math.min(howMany, count(root));
    addCount(root, -left);
    while (left > 0) {
      long head = slabs.getLong(root, HEAD);
      int inBlock = elements(head);
      if (inBlock <= left) {
        removeBlock(root, head);
        left -= inBlock;
      } else {
        listener.changing(root, head);
        relink(root, head, compact.remove(head, compact.start(head), (int) left));
        left = 0;
      }
    }
  }

  /** Removes the last {@code howMany} elements, or all. */
  public void removeLast(long root, long howMany) {
    long left = Math.min(howMany, count(root));
    addCount(root, -left);
    while (left > 0) {
      long tail = slabs.getLong(root, TAIL);
      int inBlock = elements(tail);
      if (inBlock <= left) {
        removeBlock(root, tail);
        left -= inBlock;
      } else {
        listener.changing(root, tail);
        int from = compact.at(tail, inBlock - (int) left);
        relink(root, tail, compact.remove(tail, from, (int) left));
        left = 0;
      }
    }
  }

  /** A place in one list; reusable. Changes not made through it make it invalid. */
  public final class Cursor {
    private long root;
    private long block;
    private int position;

    /** Moves to the element with {@code index} from the first; false beyond the ends. */
    public boolean seek(long root, long index) {
      this.root = root;
      block = 0;
      long count = count(root);
      if (index < 0 || index >= count) {
        return false;
      }
      long at;
      if (index < count >>> 1) {
        block = slabs.getLong(root, HEAD);
        at = index;
        while (at >= elements(block)) {
          at -= elements(block);
          block = slabs.getLong(block, NEXT);
        }
      } else {
        block = slabs.getLong(root, TAIL);
        long behind = count - index;
        while (behind > elements(block)) {
          behind -= elements(block);
          block = slabs.getLong(block, PREVIOUS);
        }
        at = elements(block) - behind;
      }
      position = isChained(block) ? 0 : compact.at(block, (int) at);
      return true;
    }

    /** To the next element; false, and no place any more, after the last. */
    public boolean next() {
      int next = isChained(block) ? CompactList.NONE : compact.next(block, position);
      if (next == CompactList.NONE) {
        block = slabs.getLong(block, NEXT);
        next = block == 0 || isChained(block) ? 0 : compact.first(block);
      }
      position = next;
      return block != 0;
    }

    /** To the element before; false, and no place any more, before the first. */
    public boolean previous() {
      int previous = isChained(block) ? CompactList.NONE : compact.previous(block, position);
      if (previous == CompactList.NONE) {
        block = slabs.getLong(block, PREVIOUS);
        previous = block == 0 || isChained(block) ? 0 : compact.last(block);
      }
      position = previous;
      return block != 0;
    }

    /** Points {@code element} at the element. */
    public void element(StoredBytes element) {
      if (isChained(block)) {
        element.setChain(slabs.getLong(block, CHAIN));
      } else {
        compact.element(block, position, element);
      }
    }

    public boolean equals(Slice value) {
      return isChained(block)
          ? chains.equals(slabs.getLong(block, CHAIN), value)
          : compact.equals(block, position, value);
    }

    /** Removes the element and moves to the one after it; false after the last. */
    public boolean remove() {
      addCount(root, -1);
      if (elements(block) == 1) {
        long next = slabs.getLong(block, NEXT);
        removeBlock(root, block);
        block = next;
        position = next == 0 || isChained(next) ? 0 : compact.first(next);
        return next != 0;
      }
      listener.changing(root, block);
      block = relink(root, block, compact.remove(block, position, 1));
      position = compact.inserted();
      if (position == compact.end(block)) {
        block = slabs.getLong(block, NEXT);
        position = block == 0 || isChained(block) ? 0 : compact.first(block);
      }
      return block != 0;
    }

    /** Puts {@code value} in the place of the element and stays on it. */
    public void replace(Slice value) {
      if (!isChained(block) && isSmall(value.length())) {
        int growth =
            CompactList.elementBytes(value.length())
                - CompactList.elementBytes(compact.length(block, position));
        if (elements(block) == 1 || compact.usedBytes(block) + growth <= blockBytes) {
          listener.changing(root, block);
          block = relink(root, block, compact.replace(block, position, value));
          position = compact.inserted();
          return;
        }
      }
      insertBefore(value);
      long kept = block;
      int keptPosition = position;
      next();
      boolean sameBlock = block == kept;
      long inserted = kept;
      remove();
      // A removal in the same block may have moved it; the element before the place is ours.
      if (sameBlock) {
        if (block == 0) {
          seek(root, count(root) - 1);
        } else {
          previous();
        }
      } else {
        block = inserted;
        position = keptPosition;
      }
    }

    /** Puts {@code value} before the element and moves to it. */
    public void insertBefore(Slice value) {
      addCount(root, 1);
      boolean small = isSmall(value.length());
      if (small && hasRoom(block, value.length())) {
        listener.changing(root, block);
        block = relink(root, block, compact.insert(block, position, value));
        position = compact.inserted();
        return;
      }
      long before = slabs.getLong(block, PREVIOUS);
      if (!isChained(block) && position != compact.start(block)) {
        splitBlock(root, block, position);
        before = block;
      }
      if (small && hasRoom(before, value.length())) {
        listener.changing(root, before);
        block = relink(root, before, compact.insert(before, compact.end(before), value));
        position = compact.inserted();
        return;
      }
      block = small ? newCompact(value) : newChained(value);
      linkAfter(root, before, block);
      position = small ? compact.first(block) : 0;
    }

    /** Puts {@code value} after the element and moves to it. */
    public void insertAfter(Slice value) {
      long here = block;
      if (next()) {
        insertBefore(value);
        return;
      }
      pushLast(root, value);
      block = here;
      seek(root, count(root) - 1);
    }
  }

  public Cursor cursor() {
    return new Cursor();
  }

  /** Elements in a block. */
  public int elements(long block) {
    return isChained(block) ? 1 : compact.count(block);
  }

  /**
   * Adds a block that a {@link CompactList} with base {@code 0} holds: what a list's small form
   * becomes. The blob is copied, and stays.
   */
  public void adopt(long root, CompactList small, long blob) {
    long block = compact.copyOf(small, blob);
    clearHeader(block, COMPACT);
    int elements = compact.count(block);
    linkAfter(root, slabs.getLong(root, TAIL), block);
    addCount(root, elements);
  }

  /** Appends {@code [kind u8]} and the elements of a block in a form {@link #loadBlock} reads. */
  public void serialiseBlock(long block, ByteBuf out) {
    byte kind = slabs.getByte(block, KIND);
    out.writeByte(kind);
    if (kind == COMPACT) {
      compact.serialise(block, out);
    } else {
      chains.copyTo(slabs.getLong(block, CHAIN), out);
    }
  }

  /**
   * Adds a block read from {@code in} up to its end, with the order key it had. REQUIRES: the key
   * is greater than that of the last block. It is not reported.
   *
   * @return whether it was well-formed; if not, nothing was added
   */
  public boolean loadBlock(long root, long orderKey, byte mark, ByteBuf in) {
    if (!in.isReadable()) {
      return false;
    }
    byte kind = in.readByte();
    long block;
    if (kind == COMPACT) {
      block = compact.load(in);
      if (block == 0) {
        return false;
      }
      if (compact.count(block) == 0 || in.isReadable()) {
        slabs.free(block);
        return false;
      }
      clearHeader(block, COMPACT);
    } else if (kind == CHAINED) {
      block = slabs.allocate(CHAIN + Long.BYTES);
      clearHeader(block, CHAINED);
      slabs.putLong(block, CHAIN, chains.create(in, in.readerIndex(), in.readableBytes()));
      in.skipBytes(in.readableBytes());
    } else {
      return false;
    }
    slabs.putLong(block, KEY, orderKey);
    slabs.putByte(block, MARK, mark);
    link(root, slabs.getLong(root, TAIL), block);
    addCount(root, elements(block));
    return true;
  }

  /** Copies the whole list; blocks keep their order keys, get this mark, and are not reported. */
  public long copy(long root, long collectionId, byte mark) {
    long copy = create(collectionId);
    for (long block = head(root); block != 0; block = nextBlock(block)) {
      long copied;
      if (isChained(block)) {
        copied = slabs.allocate(CHAIN + Long.BYTES);
        clearHeader(copied, CHAINED);
        slabs.putLong(copied, CHAIN, chains.copy(slabs.getLong(block, CHAIN)));
      } else {
        copied = compact.copy(block);
        clearHeader(copied, COMPACT);
      }
      slabs.putLong(copied, KEY, orderKey(block));
      link(copy, slabs.getLong(copy, TAIL), copied);
      slabs.putByte(copied, MARK, mark);
      addCount(copy, elements(copied));
    }
    return copy;
  }

  /**
   * Frees at most about {@code maxBlocks} allocations of a list that nobody looks at any more.
   *
   * @return its root, or 0 when nothing is left
   */
  public long free(long root, int maxBlocks) {
    forgetWalks(root);
    for (int freed = 0; freed < maxBlocks; freed++) {
      long head = slabs.getLong(root, HEAD);
      if (head == 0) {
        slabs.free(root);
        return 0;
      }
      if (isChained(head)) {
        long rest = chains.free(slabs.getLong(head, CHAIN), maxBlocks - freed);
        if (rest != 0) {
          slabs.putLong(head, CHAIN, rest);
          return root;
        }
      }
      slabs.putLong(root, HEAD, slabs.getLong(head, NEXT));
      slabs.free(head);
    }
    return root;
  }

  /** Where a walk over the blocks of a list stands, while the list goes on changing. */
  public final class Walk {
    private long root;
    private long block;

    private Walk() {}

    /**
     * The first block whose order key is at least this one, 0 if there is none. A walk that comes
     * back to the block after the one it left need not search.
     */
    public long seek(long root, long orderKey) {
      if (this.root != root || block == 0 || orderKey(block) != orderKey) {
        this.root = root;
        block = head(root);
        while (block != 0 && orderKey(block) < orderKey) {
          block = nextBlock(block);
        }
      }
      return block;
    }

    /** The block after this one, which the walk remembers. */
    public long next(long root, long from) {
      this.root = root;
      block = nextBlock(from);
      return block;
    }

    private void forget(long root) {
      if (this.root == root) {
        block = 0;
      }
    }

    private void moved(long old, long now) {
      if (block == old) {
        block = now;
      }
    }
  }

  /** The walk of snapshots. */
  public Walk snapshotWalk() {
    return snapshotWalk;
  }

  /** The walk of the compaction of slabs. */
  public Walk compactionWalk() {
    return compactionWalk;
  }

  /**
   * Moves a block, and the chain it may hold, out of a sparse slab.
   *
   * @return the block, perhaps moved
   */
  public long relocate(long root, long block) {
    if (isChained(block)) {
      slabs.putLong(block, CHAIN, chains.relocate(slabs.getLong(block, CHAIN)));
    }
    return relink(root, block, slabs.relocate(block));
  }

  /** Moves the root out of a sparse slab. */
  public long relocateRoot(long root) {
    long moved = slabs.relocate(root);
    if (moved != root) {
      forgetWalks(root);
    }
    return moved;
  }

  private void forgetWalks(long root) {
    snapshotWalk.forget(root);
    compactionWalk.forget(root);
  }

  private boolean isChained(long block) {
    return slabs.getByte(block, KIND) == CHAINED;
  }

  private boolean hasRoom(long block, int length) {
    return block != 0
        && !isChained(block)
        && compact.usedBytes(block) + CompactList.elementBytes(length) <= blockBytes;
  }

  private void addCount(long root, long more) {
    slabs.putLong(root, COUNT, slabs.getLong(root, COUNT) + more);
  }

  private long newCompact(Slice value) {
    long block = compact.create(CompactList.elementBytes(value.length()));
    clearHeader(block, COMPACT);
    return compact.insert(block, compact.end(block), value);
  }

  private long newChained(Slice value) {
    long block = slabs.allocate(CHAIN + Long.BYTES);
    clearHeader(block, CHAINED);
    slabs.putLong(block, CHAIN, chains.create(value));
    return block;
  }

  private void clearHeader(long block, byte kind) {
    slabs.putLong(block, PREVIOUS, 0);
    slabs.putLong(block, NEXT, 0);
    slabs.putLong(block, KEY, 0);
    slabs.putByte(block, MARK, (byte) 0);
    slabs.putByte(block, KIND, kind);
  }

  /** Links a new block after {@code before} (0: at the head), gives it a key and reports it. */
  private void linkAfter(long root, long before, long block) {
    long after = before == 0 ? slabs.getLong(root, HEAD) : slabs.getLong(before, NEXT);
    if (before != 0 && after != 0 && orderKey(after) - orderKey(before) < 2) {
      renumberAfter(root, before);
    }
    long key;
    if (before == 0) {
      key = after == 0 ? 0 : orderKey(after) - KEY_GAP;
    } else if (after == 0) {
      key = orderKey(before) + KEY_GAP;
    } else {
      key = orderKey(before) + (orderKey(after) - orderKey(before)) / 2;
    }
    slabs.putLong(block, KEY, key);
    link(root, before, block);
    listener.added(root, block);
  }

  /** Moves the keys behind {@code before} up until the gaps are wide again. */
  private void renumberAfter(long root, long before) {
    long least = orderKey(before) + KEY_GAP;
    for (long block = nextBlock(before);
        block != 0 && orderKey(block) < least;
        block = nextBlock(block)) {
      listener.removing(root, block);
      slabs.putByte(block, MARK, (byte) 0);
      slabs.putLong(block, KEY, least);
      listener.added(root, block);
      least += KEY_GAP;
    }
  }

  private void link(long root, long before, long block) {
    long after = before == 0 ? slabs.getLong(root, HEAD) : slabs.getLong(before, NEXT);
    slabs.putLong(block, PREVIOUS, before);
    slabs.putLong(block, NEXT, after);
    pointHere(root, block);
    slabs.putLong(root, BLOCKS, slabs.getLong(root, BLOCKS) + 1);
  }

  /** Makes the neighbours of {@code block}, or the root, point at it. */
  private void pointHere(long root, long block) {
    long before = slabs.getLong(block, PREVIOUS);
    long after = slabs.getLong(block, NEXT);
    slabs.putLong(before == 0 ? root : before, before == 0 ? HEAD : NEXT, block);
    slabs.putLong(after == 0 ? root : after, after == 0 ? TAIL : PREVIOUS, block);
  }

  private long relink(long root, long old, long block) {
    if (old != block) {
      pointHere(root, block);
      snapshotWalk.moved(old, block);
      compactionWalk.moved(old, block);
    }
    return block;
  }

  private void removeBlock(long root, long block) {
    listener.removing(root, block);
    long before = slabs.getLong(block, PREVIOUS);
    long after = slabs.getLong(block, NEXT);
    snapshotWalk.moved(block, after);
    compactionWalk.moved(block, after);
    slabs.putLong(before == 0 ? root : before, before == 0 ? HEAD : NEXT, after);
    slabs.putLong(after == 0 ? root : after, after == 0 ? TAIL : PREVIOUS, before);
    slabs.putLong(root, BLOCKS, slabs.getLong(root, BLOCKS) - 1);
    if (isChained(block)) {
      chains.free(slabs.getLong(block, CHAIN));
    }
    slabs.free(block);
  }

  private void splitBlock(long root, long block, int position) {
    listener.changing(root, block);
    long right = compact.split(block, position);
    clearHeader(right, COMPACT);
    linkAfter(root, block, right);
  }
}
