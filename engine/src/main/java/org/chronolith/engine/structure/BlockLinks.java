package org.chronolith.engine.structure;

import org.chronolith.engine.memory.SlabAllocator;

/**
 * How the blocks of a {@link BlockList} hang together: its root, the links in both directions, the
 * order keys, and the walks that must hear when a block goes or moves.
 *
 * <pre>
 *   root:  [head i64][tail i64][count i64][collection id i64][blocks i64]
 * </pre>
 *
 * The order key is a block's name in snapshots: keys ascend along the list and a block keeps its
 * own while it lives, except that insertions into the middle may use up the gap between two keys;
 * then some blocks behind are given new ones, as if they were removed and added. Thread: the owner
 * of the keyspace.
 */
final class BlockLinks {
  /** Distance of order keys at the ends: 2^46 blocks in each direction, 16 halvings between two. */
  private static final long KEY_GAP = 1L << 16;

  private static final int ROOT_BYTES = 40;
  private static final int HEAD = 0;
  private static final int TAIL = 8;
  private static final int COUNT = 16;
  private static final int ID = 24;
  private static final int BLOCKS = 32;

  /** The walk of snapshots. */
  final BlockWalk snapshotWalk;

  /** The walk of the compaction of slabs. */
  final BlockWalk compactionWalk;

  private final SlabAllocator slabs;
  private final ListBlocks blocks;
  private final BlockListener listener;

  BlockLinks(SlabAllocator slabs, ListBlocks blocks, BlockListener listener) {
    this.slabs = slabs;
    this.blocks = blocks;
    this.listener = listener;
    this.snapshotWalk = new BlockWalk(this, blocks);
    this.compactionWalk = new BlockWalk(this, blocks);
  }

  /** The root of a new empty list. */
  long create(long collectionId) {
    long root = slabs.allocate(ROOT_BYTES);
    slabs.putLong(root, HEAD, 0);
    slabs.putLong(root, TAIL, 0);
    slabs.putLong(root, COUNT, 0);
    slabs.putLong(root, ID, collectionId);
    slabs.putLong(root, BLOCKS, 0);
    return root;
  }

  long head(long root) {
    return slabs.getLong(root, HEAD);
  }

  void setHead(long root, long block) {
    slabs.putLong(root, HEAD, block);
  }

  long tail(long root) {
    return slabs.getLong(root, TAIL);
  }

  /** Elements of the list. */
  long count(long root) {
    return slabs.getLong(root, COUNT);
  }

  void addCount(long root, long more) {
    slabs.putLong(root, COUNT, slabs.getLong(root, COUNT) + more);
  }

  long collectionId(long root) {
    return slabs.getLong(root, ID);
  }

  long blocks(long root) {
    return slabs.getLong(root, BLOCKS);
  }

  /** Links a new block after {@code before} (0: at the head), gives it a key and reports it. */
  void linkAfter(long root, long before, long block) {
    long after = before == 0 ? head(root) : blocks.next(before);
    if (before != 0 && after != 0 && blocks.orderKey(after) - blocks.orderKey(before) < 2) {
      renumberAfter(root, before);
    }
    long key;
    if (before == 0) {
      key = after == 0 ? 0 : blocks.orderKey(after) - KEY_GAP;
    } else if (after == 0) {
      key = blocks.orderKey(before) + KEY_GAP;
    } else {
      key = blocks.orderKey(before) + (blocks.orderKey(after) - blocks.orderKey(before)) / 2;
    }
    blocks.setOrderKey(block, key);
    link(root, before, block);
    listener.added(root, block);
  }

  /** Moves the keys behind {@code before} up until the gaps are wide again. */
  private void renumberAfter(long root, long before) {
    long least = blocks.orderKey(before) + KEY_GAP;
    for (long block = blocks.next(before);
        block != 0 && blocks.orderKey(block) < least;
        block = blocks.next(block)) {
      listener.removing(root, block);
      blocks.setMark(block, (byte) 0);
      blocks.setOrderKey(block, least);
      listener.added(root, block);
      least += KEY_GAP;
    }
  }

  /** Links a block that has a key after {@code before}; it is not reported. */
  void link(long root, long before, long block) {
    long after = before == 0 ? head(root) : blocks.next(before);
    blocks.setPrevious(block, before);
    blocks.setNext(block, after);
    pointHere(root, block);
    slabs.putLong(root, BLOCKS, slabs.getLong(root, BLOCKS) + 1);
  }

  /** Makes the neighbours of {@code block}, or the root, point at it. */
  private void pointHere(long root, long block) {
    pointNext(root, blocks.previous(block), block);
    pointPrevious(root, blocks.next(block), block);
  }

  /** What follows {@code before}, or is first if that is 0. */
  private void pointNext(long root, long before, long block) {
    if (before == 0) {
      setHead(root, block);
    } else {
      blocks.setNext(before, block);
    }
  }

  /** What precedes {@code after}, or is last if that is 0. */
  private void pointPrevious(long root, long after, long block) {
    if (after == 0) {
      slabs.putLong(root, TAIL, block);
    } else {
      blocks.setPrevious(after, block);
    }
  }

  /** A block moved: what led to the old one leads to it now. */
  long relink(long root, long old, long block) {
    if (old != block) {
      pointHere(root, block);
      snapshotWalk.moved(old, block);
      compactionWalk.moved(old, block);
    }
    return block;
  }

  /** Reports, unlinks and frees a block. */
  void remove(long root, long block) {
    listener.removing(root, block);
    long before = blocks.previous(block);
    long after = blocks.next(block);
    snapshotWalk.moved(block, after);
    compactionWalk.moved(block, after);
    pointNext(root, before, after);
    pointPrevious(root, after, before);
    slabs.putLong(root, BLOCKS, slabs.getLong(root, BLOCKS) - 1);
    blocks.free(block);
  }

  /** A list goes away or its root moves: no walk stands in it any more. */
  void forgetWalks(long root) {
    snapshotWalk.forget(root);
    compactionWalk.forget(root);
  }
}
