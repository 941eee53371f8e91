package org.chronolith.engine.structure;

import org.chronolith.engine.memory.SlabAllocator;

/**
 * The nodes of {@link OrderedIndex}: their layout in a slab, and what is done to one node and its
 * neighbours.
 *
 * <pre>
 *   leaf:  [count u16][level u8 = 0][5 unused][previous i64][next i64]  then items  [score f64][member i64]
 *   inner: [count u16][level u8    ][5 unused]                          then items  [score f64][member i64][child i64][size i64]
 * </pre>
 *
 * The score and member of an inner item are those of the last item below it. Thread: the owner of
 * the keyspace.
 */
final class OrderedNodes {
  static final int LEAF_ITEMS = 62;
  static final int INNER_ITEMS = 31;

  /** Offset of the first item of a leaf, and the shift that makes a slot its offset from there. */
  static final int LEAF_HEADER = 24;

  static final int LEAF_SHIFT = 4;

  /** As {@link #LEAF_HEADER} and {@link #LEAF_SHIFT}, for inner nodes. */
  static final int INNER_HEADER = 8;

  static final int INNER_SHIFT = 5;

  private static final int NODE_BYTES = 1024;
  private static final int LEVEL = 2;
  private static final int PREVIOUS = 8;
  private static final int NEXT = 16;
  private static final int LEAF_ITEM = 1 << LEAF_SHIFT;
  private static final int INNER_ITEM = 1 << INNER_SHIFT;
  private static final int MEMBER = 8;
  private static final int CHILD = 16;
  private static final int SIZE = 24;

  private final SlabAllocator slabs;

  OrderedNodes(SlabAllocator slabs) {
    this.slabs = slabs;
  }

  /** Items below a node, or in it; 0 for no node. */
  long size(long node) {
    if (node == 0) {
      return 0;
    }
    int count = count(node);
    if (level(node) == 0) {
      return count;
    }
    long size = 0;
    for (int i = 0; i < count; i++) {
      size += innerSize(node, i);
    }
    return size;
  }

  /** Makes a leaf's neighbours point at it after it moved; an inner node has none. */
  void relinkLeaf(long node) {
    if (level(node) > 0) {
      return;
    }
    long previous = slabs.getLong(node, PREVIOUS);
    long next = slabs.getLong(node, NEXT);
    if (previous != 0) {
      slabs.putLong(previous, NEXT, node);
    }
    if (next != 0) {
      slabs.putLong(next, PREVIOUS, node);
    }
  }

  /** Splits a full leaf in two; after the last item of all, the left one keeps everything. */
  long splitLeaf(long leaf, int slot) {
    long next = slabs.getLong(leaf, NEXT);
    int keep = next == 0 && slot == LEAF_ITEMS ? LEAF_ITEMS : LEAF_ITEMS / 2;
    long right = newLeaf();
    slabs.copy(leaf, leafAt(keep), right, LEAF_HEADER, (LEAF_ITEMS - keep) * LEAF_ITEM);
    setCount(right, LEAF_ITEMS - keep);
    setCount(leaf, keep);
    slabs.putLong(right, PREVIOUS, leaf);
    slabs.putLong(right, NEXT, next);
    slabs.putLong(leaf, NEXT, right);
    if (next != 0) {
      slabs.putLong(next, PREVIOUS, right);
    }
    return right;
  }

  /** Splits a full inner node in two. */
  long splitInner(long node) {
    int keep = INNER_ITEMS / 2 + 1;
    long right = newNode(level(node));
    slabs.copy(node, innerAt(keep), right, INNER_HEADER, (INNER_ITEMS - keep) * INNER_ITEM);
    setCount(right, INNER_ITEMS - keep);
    setCount(node, keep);
    return right;
  }

  /** Makes room for a child and describes it. */
  void insertChild(long node, int slot, long child) {
    int count = count(node);
    int at = innerAt(slot);
    slabs.copy(node, at, node, at + INNER_ITEM, (count - slot) * INNER_ITEM);
    setCount(node, count + 1);
    describe(node, slot, child);
  }

  void removeChild(long node, int slot) {
    int count = count(node);
    int at = innerAt(slot);
    slabs.copy(node, at + INNER_ITEM, node, at, (count - slot - 1) * INNER_ITEM);
    setCount(node, count - 1);
  }

  /** Writes an inner item from what its child holds now. */
  void describe(long node, int slot, long child) {
    slabs.putLong(node, innerAt(slot) + CHILD, child);
    slabs.putLong(node, innerAt(slot) + SIZE, size(child));
    copyLast(child, node, slot);
  }

  /** Copies the score and member of the child's last item into its item in the node. */
  void copyLast(long child, long node, int slot) {
    int last = count(child) - 1;
    int from = level(child) == 0 ? leafAt(last) : innerAt(last);
    int to = innerAt(slot);
    slabs.putLong(node, to, slabs.getLong(child, from));
    slabs.putLong(node, to + MEMBER, slabs.getLong(child, from + MEMBER));
  }

  /** Takes a leaf out of the list of leaves; an inner node is not in one. */
  void unlinkLeaf(long node) {
    if (level(node) > 0) {
      return;
    }
    long previous = slabs.getLong(node, PREVIOUS);
    long next = slabs.getLong(node, NEXT);
    if (previous != 0) {
      slabs.putLong(previous, NEXT, next);
    }
    if (next != 0) {
      slabs.putLong(next, PREVIOUS, previous);
    }
  }

  /** An empty leaf without neighbours. */
  long newLeaf() {
    long leaf = newNode(0);
    slabs.putLong(leaf, PREVIOUS, 0);
    slabs.putLong(leaf, NEXT, 0);
    return leaf;
  }

  /** An empty node of a level; a leaf is made by {@link #newLeaf}. */
  long newNode(int level) {
    long node = slabs.allocate(NODE_BYTES);
    slabs.putByte(node, LEVEL, (byte) level);
    setCount(node, 0);
    return node;
  }

  /** Puts an item into a leaf that has room. */
  void insertItem(long leaf, int slot, double score, long member) {
    int count = count(leaf);
    int at = leafAt(slot);
    slabs.copy(leaf, at, leaf, at + LEAF_ITEM, (count - slot) * LEAF_ITEM);
    slabs.putDouble(leaf, at, score);
    slabs.putLong(leaf, at + MEMBER, member);
    setCount(leaf, count + 1);
  }

  void removeItem(long leaf, int slot) {
    int count = count(leaf);
    int at = leafAt(slot);
    slabs.copy(leaf, at + LEAF_ITEM, leaf, at, (count - slot - 1) * LEAF_ITEM);
    setCount(leaf, count - 1);
  }

  /** Moves all items of {@code from} behind those of its left neighbour, which has room. */
  void append(long into, long from) {
    int count = count(into);
    int more = count(from);
    if (level(into) == 0) {
      slabs.copy(from, LEAF_HEADER, into, leafAt(count), more * LEAF_ITEM);
      unlinkLeaf(from);
    } else {
      slabs.copy(from, INNER_HEADER, into, innerAt(count), more * INNER_ITEM);
    }
    setCount(into, count + more);
  }

  /** The leaf after this one, 0 after the last. */
  long next(long leaf) {
    return slabs.getLong(leaf, NEXT);
  }

  /** The leaf before this one, 0 before the first. */
  long previous(long leaf) {
    return slabs.getLong(leaf, PREVIOUS);
  }

  /** Score of the item at an offset in a node. */
  double score(long node, int itemAt) {
    return slabs.getDouble(node, itemAt);
  }

  /** Member of the item at an offset in a node. */
  long member(long node, int itemAt) {
    return slabs.getLong(node, itemAt + MEMBER);
  }

  double scoreAt(long node, int slot) {
    int at = level(node) == 0 ? leafAt(slot) : innerAt(slot);
    return slabs.getDouble(node, at);
  }

  long memberAt(long node, int slot) {
    int at = level(node) == 0 ? leafAt(slot) : innerAt(slot);
    return slabs.getLong(node, at + MEMBER);
  }

  void setMember(long node, int slot, long member) {
    int at = level(node) == 0 ? leafAt(slot) : innerAt(slot);
    slabs.putLong(node, at + MEMBER, member);
  }

  long child(long node, int slot) {
    return slabs.getLong(node, innerAt(slot) + CHILD);
  }

  void setChild(long node, int slot, long child) {
    slabs.putLong(node, innerAt(slot) + CHILD, child);
  }

  /** Items below a child. */
  long innerSize(long node, int slot) {
    return slabs.getLong(node, innerAt(slot) + SIZE);
  }

  void addSize(long node, int slot, int more) {
    int at = innerAt(slot) + SIZE;
    slabs.putLong(node, at, slabs.getLong(node, at) + more);
  }

  /** Levels below a node; 0 for a leaf. */
  int level(long node) {
    return slabs.getByte(node, LEVEL);
  }

  int count(long node) {
    return slabs.getShort(node, 0);
  }

  void setCount(long node, int count) {
    slabs.putShort(node, 0, (short) count);
  }

  private static int leafAt(int slot) {
    return LEAF_HEADER + slot * LEAF_ITEM;
  }

  private static int innerAt(int slot) {
    return INNER_HEADER + slot * INNER_ITEM;
  }
}
