package org.chronolith.engine.structure;

/**
 * Where a walk over the blocks of a {@link BlockList} stands, while the list goes on changing.
 * Thread: the owner of the keyspace.
 */
public final class BlockWalk {
  private final BlockLinks links;
  private final ListBlocks blocks;
  private long root;
  private long block;

  BlockWalk(BlockLinks links, ListBlocks blocks) {
    this.links = links;
    this.blocks = blocks;
  }

  /**
   * The first block whose order key is at least this one, 0 if there is none. A walk that comes
   * back to the block after the one it left need not search.
   */
  public long seek(long root, long orderKey) {
    if (this.root != root || block == 0 || blocks.orderKey(block) != orderKey) {
      this.root = root;
      block = links.head(root);
      while (block != 0 && blocks.orderKey(block) < orderKey) {
        block = blocks.next(block);
      }
    }
    return block;
  }

  /** The block after this one, which the walk remembers. */
  public long next(long root, long from) {
    this.root = root;
    block = blocks.next(from);
    return block;
  }

  /** The list goes away, or its root moves. */
  void forget(long root) {
    if (this.root == root) {
      block = 0;
    }
  }

  /** A block moved, or is gone and {@code now} is the one after it. */
  void moved(long old, long now) {
    if (block == old) {
      block = now;
    }
  }
}
