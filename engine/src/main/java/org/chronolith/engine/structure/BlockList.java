package org.chronolith.engine.structure;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * A long list: blocks of small elements, doubly linked. An element beyond the block limit has a
 * block of its own, which holds a {@link ByteChain}.
 *
 * <p>{@link ListBlocks} lays the blocks out, {@link BlockLinks} strings them together. What is here
 * counts in elements.
 *
 * <p>A way to look at lists, not a list: a list is named by the reference of its root, which never
 * moves by itself. Before a block changes, {@link BlockListener} hears of it. Thread: the owner of
 * the keyspace.
 */
public final class BlockList {
  private final SlabAllocator slabs;
  private final ListBlocks blocks;
  private final CompactList compact;
  private final BlockLinks links;
  private final BlockListener listener;

  /**
   * @param blockBytes bytes of elements that a block takes before the next one is begun
   */
  public BlockList(SlabAllocator slabs, int blockBytes, BlockListener listener) {
    this.slabs = slabs;
    this.blocks = new ListBlocks(slabs, blockBytes);
    this.compact = blocks.compact;
    this.links = new BlockLinks(slabs, blocks, listener);
    this.listener = listener;
  }

  /** A new empty list whose blocks snapshots store under {@code collectionId}. */
  public long create(long collectionId) {
    return links.create(collectionId);
  }

  public long count(long root) {
    return links.count(root);
  }

  public long collectionId(long root) {
    return links.collectionId(root);
  }

  public long blocks(long root) {
    return links.blocks(root);
  }

  /** First block, 0 when empty. */
  public long head(long root) {
    return links.head(root);
  }

  /** The block after this one, 0 at the end. */
  public long nextBlock(long block) {
    return blocks.next(block);
  }

  public long orderKey(long block) {
    return blocks.orderKey(block);
  }

  public byte mark(long block) {
    return blocks.mark(block);
  }

  public void setMark(long block, byte mark) {
    blocks.setMark(block, mark);
  }

  /** Whether {@code length} bytes go into a block with others rather than into a chain. */
  public boolean isSmall(int length) {
    return blocks.isSmall(length);
  }

  public void pushLast(long root, Slice value) {
    long tail = links.tail(root);
    if (isSmall(value.length()) && blocks.hasRoom(tail, value.length())) {
      listener.changing(root, tail);
      links.relink(root, tail, compact.insert(tail, compact.end(tail), value));
    } else {
      links.linkAfter(root, tail, blocks.create(value));
    }
    links.addCount(root, 1);
  }

  public void pushFirst(long root, Slice value) {
    long head = links.head(root);
    if (isSmall(value.length()) && blocks.hasRoom(head, value.length())) {
      listener.changing(root, head);
      links.relink(root, head, compact.insert(head, compact.start(head), value));
    } else {
      links.linkAfter(root, 0, blocks.create(value));
    }
    links.addCount(root, 1);
  }

  /** Removes the first {@code howMany} elements, or all. */
  public void removeFirst(long root, long howMany) {
    long left = Math.min(howMany, count(root));
    links.addCount(root, -left);
    while (left > 0) {
      long head = links.head(root);
      int inBlock = elements(head);
      if (inBlock <= left) {
        links.remove(root, head);
        left -= inBlock;
      } else {
        listener.changing(root, head);
        links.relink(root, head, compact.remove(head, compact.start(head), (int) left));
        left = 0;
      }
    }
  }

  /** Removes the last {@code howMany} elements, or all. */
  public void removeLast(long root, long howMany) {
    long left = Math.min(howMany, count(root));
    links.addCount(root, -left);
    while (left > 0) {
      long tail = links.tail(root);
      int inBlock = elements(tail);
      if (inBlock <= left) {
        links.remove(root, tail);
        left -= inBlock;
      } else {
        listener.changing(root, tail);
        int from = compact.at(tail, inBlock - (int) left);
        links.relink(root, tail, compact.remove(tail, from, (int) left));
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
        block = links.head(root);
        at = index;
        while (at >= elements(block)) {
          at -= elements(block);
          block = blocks.next(block);
        }
      } else {
        block = links.tail(root);
        long behind = count - index;
        while (behind > elements(block)) {
          behind -= elements(block);
          block = blocks.previous(block);
        }
        at = elements(block) - behind;
      }
      position = blocks.at(block, (int) at);
      return true;
    }

    /** To the next element; false, and no place any more, after the last. */
    public boolean next() {
      position = blocks.after(block, position);
      if (position == CompactList.NONE) {
        block = blocks.next(block);
        position = blocks.first(block);
      }
      return block != 0;
    }

    /** To the element before; false, and no place any more, before the first. */
    public boolean previous() {
      position = blocks.before(block, position);
      if (position == CompactList.NONE) {
        block = blocks.previous(block);
        position = blocks.last(block);
      }
      return block != 0;
    }

    /** Points {@code element} at the element. */
    public void element(StoredBytes element) {
      blocks.element(block, position, element);
    }

    public boolean equals(Slice value) {
      return blocks.equals(block, position, value);
    }

    /** Removes the element and moves to the one after it; false after the last. */
    public boolean remove() {
      links.addCount(root, -1);
      if (elements(block) == 1) {
        long next = blocks.next(block);
        links.remove(root, block);
        block = next;
        position = blocks.first(next);
        return next != 0;
      }
      listener.changing(root, block);
      block = links.relink(root, block, compact.remove(block, position, 1));
      position = compact.inserted();
      if (position == compact.end(block)) {
        block = blocks.next(block);
        position = blocks.first(block);
      }
      return block != 0;
    }

    /** Puts {@code value} in the place of the element and stays on it. */
    public void replace(Slice value) {
      if (!blocks.isChained(block) && isSmall(value.length())) {
        int growth =
            CompactList.elementBytes(value.length())
                - CompactList.elementBytes(compact.length(block, position));
        if (elements(block) == 1 || blocks.fits(block, growth)) {
          listener.changing(root, block);
          block = links.relink(root, block, compact.replace(block, position, value));
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
      links.addCount(root, 1);
      boolean small = isSmall(value.length());
      if (small && blocks.hasRoom(block, value.length())) {
        listener.changing(root, block);
        block = links.relink(root, block, compact.insert(block, position, value));
        position = compact.inserted();
        return;
      }
      long before = blocks.previous(block);
      if (!blocks.isChained(block) && position != compact.start(block)) {
        splitBlock(root, block, position);
        before = block;
      }
      if (small && blocks.hasRoom(before, value.length())) {
        listener.changing(root, before);
        block = links.relink(root, before, compact.insert(before, compact.end(before), value));
        position = compact.inserted();
        return;
      }
      block = blocks.create(value);
      links.linkAfter(root, before, block);
      position = blocks.first(block);
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
    return blocks.elements(block);
  }

  /**
   * Adds a block that a {@link CompactList} with base {@code 0} holds: what a list's small form
   * becomes. The blob is copied, and stays.
   */
  public void adopt(long root, CompactList small, long blob) {
    long block = blocks.create(small, blob);
    links.linkAfter(root, links.tail(root), block);
    links.addCount(root, elements(block));
  }

  /** Appends {@code [kind u8]} and the elements of a block in a form {@link #loadBlock} reads. */
  public void serialiseBlock(long block, ByteBuf out) {
    blocks.serialise(block, out);
  }

  /**
   * Adds a block read from {@code in} up to its end, with the order key it had. REQUIRES: the key
   * is greater than that of the last block. It is not reported.
   *
   * @return whether it was well-formed; if not, nothing was added
   */
  public boolean loadBlock(long root, long orderKey, byte mark, ByteBuf in) {
    long block = blocks.load(in);
    if (block == 0) {
      return false;
    }
    blocks.setOrderKey(block, orderKey);
    blocks.setMark(block, mark);
    links.link(root, links.tail(root), block);
    links.addCount(root, elements(block));
    return true;
  }

  /** Copies the whole list; blocks keep their order keys, get this mark, and are not reported. */
  public long copy(long root, long collectionId, byte mark) {
    long copy = create(collectionId);
    for (long block = head(root); block != 0; block = nextBlock(block)) {
      long copied = blocks.copy(block);
      blocks.setMark(copied, mark);
      links.link(copy, links.tail(copy), copied);
      links.addCount(copy, elements(copied));
    }
    return copy;
  }

  /**
   * Frees at most about {@code maxBlocks} allocations of a list that nobody looks at any more.
   *
   * @return its root, or 0 when nothing is left
   */
  public long free(long root, int maxBlocks) {
    links.forgetWalks(root);
    for (int freed = 0; freed < maxBlocks; freed++) {
      long head = links.head(root);
      if (head == 0) {
        slabs.free(root);
        return 0;
      }
      long next = blocks.next(head);
      if (!blocks.free(head, maxBlocks - freed)) {
        return root;
      }
      links.setHead(root, next);
    }
    return root;
  }

  /** The walk of snapshots. */
  public BlockWalk snapshotWalk() {
    return links.snapshotWalk;
  }

  /** The walk of the compaction of slabs. */
  public BlockWalk compactionWalk() {
    return links.compactionWalk;
  }

  /**
   * Moves a block, and the chain it may hold, out of a sparse slab.
   *
   * @return the block, perhaps moved
   */
  public long relocate(long root, long block) {
    return links.relink(root, block, blocks.relocate(block));
  }

  /** Moves the root out of a sparse slab. */
  public long relocateRoot(long root) {
    long moved = slabs.relocate(root);
    if (moved != root) {
      links.forgetWalks(root);
    }
    return moved;
  }

  private void splitBlock(long root, long block, int position) {
    listener.changing(root, block);
    links.linkAfter(root, block, blocks.split(block, position));
  }
}
