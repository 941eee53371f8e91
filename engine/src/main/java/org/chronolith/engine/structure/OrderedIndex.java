package org.chronolith.engine.structure;

import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * Members in the order of their scores, and of their bytes where scores are equal: a B+tree whose
 * inner nodes count what is below them, so that a rank and the member at a rank cost one descent.
 *
 * <p>A B+tree rather than Redis's skip list: 1 KiB nodes hold 62 items, so a million members are
 * four cache-friendly steps deep and take some 25 bytes each instead of 40.
 *
 * <p>The object is a way to look at trees: it serves any number of them, each named by the
 * reference of its root node (0 when empty), which operations return anew. The members' bytes lie
 * elsewhere (in the entry of the hash table that maps a member to its score); the tree holds their
 * references and asks {@link Members} to compare them. {@code -0.0} and {@code 0.0} are equal, as
 * they are for Redis; a NaN must never come in.
 *
 * <pre>
 *   leaf:  [count u16][level u8 = 0][5 unused][previous i64][next i64]  then items  [score f64][member i64]
 *   inner: [count u16][level u8    ][5 unused]                          then items  [score f64][member i64][child i64][size i64]
 * </pre>
 *
 * The score and member of an inner item are those of the last item below it. Thread: the owner of
 * the keyspace.
 */
public final class OrderedIndex {
  /** How the bytes of members compare, unsigned; the tree itself knows references only. */
  public interface Members {
    int compare(long member, long other);

    int compare(long member, Slice other);
  }

  static final int NODE_BYTES = 1024;
  static final int LEAF_ITEMS = 62;
  static final int INNER_ITEMS = 31;

  private static final int LEVEL = 2;
  private static final int PREVIOUS = 8;
  private static final int NEXT = 16;
  private static final int LEAF_HEADER = 24;
  private static final int LEAF_SHIFT = 4;
  private static final int LEAF_ITEM = 1 << LEAF_SHIFT;
  private static final int INNER_HEADER = 8;
  private static final int INNER_SHIFT = 5;
  private static final int INNER_ITEM = 1 << INNER_SHIFT;
  private static final int MEMBER = 8;
  private static final int CHILD = 16;
  private static final int SIZE = 24;

  /** 62 × 31^11 items: more than references can name. */
  private static final int MAX_LEVELS = 12;

  private final SlabAllocator slabs;
  private final Members members;

  /** The way down of the operation that runs: the node and the slot taken at each level. */
  private final long[] pathNodes = new long[MAX_LEVELS];

  private final int[] pathSlots = new int[MAX_LEVELS];

  public OrderedIndex(SlabAllocator slabs, Members members) {
    this.slabs = slabs;
    this.members = members;
  }

  /** A place in one tree; reusable. It is invalid after the tree changed. */
  public final class Cursor {
    private long leaf;
    private int slot;

    /** Moves to the item with {@code index} from the first; false beyond the ends. */
    public boolean seekIndex(long root, long index) {
      leaf = 0;
      if (index < 0 || index >= size(root)) {
        return false;
      }
      int depth = descendTo(root, index);
      leaf = pathNodes[depth];
      slot = pathSlots[depth];
      return true;
    }

    /**
     * Moves to the first item whose score is at least (or, if {@code exclusive}, greater than)
     * {@code score}; false when there is none.
     */
    public boolean seekScore(long root, double score, boolean exclusive) {
      leaf = 0;
      long node = root;
      if (node == 0) {
        return false;
      }
      while (true) {
        int count = count(node);
        int at = 0;
        int to = count;
        while (at < to) {
          int middle = (at + to) >>> 1;
          double there = scoreAt(node, middle);
          if (exclusive ? there <= score : there < score) {
            at = middle + 1;
          } else {
            to = middle;
          }
        }
        if (at == count) {
          return false;
        }
        if (level(node) == 0) {
          leaf = node;
          slot = at;
          return true;
        }
        node = child(node, at);
      }
    }

    /** As {@link #seekScore} by the member's bytes, in a tree whose scores are all equal. */
    public boolean seekMember(long root, Slice member, boolean exclusive) {
      leaf = 0;
      long node = root;
      if (node == 0) {
        return false;
      }
      while (true) {
        int count = count(node);
        int at = 0;
        int to = count;
        while (at < to) {
          int middle = (at + to) >>> 1;
          int compared = members.compare(memberAt(node, middle), member);
          if (compared < 0 || exclusive && compared == 0) {
            at = middle + 1;
          } else {
            to = middle;
          }
        }
        if (at == count) {
          return false;
        }
        if (level(node) == 0) {
          leaf = node;
          slot = at;
          return true;
        }
        node = child(node, at);
      }
    }

    /** To the next item; false, and no place any more, after the last. */
    public boolean next() {
      if (++slot == count(leaf)) {
        leaf = slabs.getLong(leaf, NEXT);
        slot = 0;
      }
      return leaf != 0;
    }

    /** To the item before; false, and no place any more, before the first. */
    public boolean previous() {
      if (--slot < 0) {
        leaf = slabs.getLong(leaf, PREVIOUS);
        slot = leaf == 0 ? 0 : count(leaf) - 1;
      }
      return leaf != 0;
    }

    public double score() {
      return OrderedIndex.this.scoreAt(leaf, slot);
    }

    /** Reference of the member, as it was inserted. */
    public long member() {
      return memberAt(leaf, slot);
    }
  }

  public Cursor cursor() {
    return new Cursor();
  }

  /** Number of items. */
  public long size(long root) {
    if (root == 0) {
      return 0;
    }
    int count = count(root);
    if (level(root) == 0) {
      return count;
    }
    long size = 0;
    for (int i = 0; i < count; i++) {
      size += innerSize(root, i);
    }
    return size;
  }

  /**
   * Adds a member. REQUIRES: no item has both this score and these bytes.
   *
   * @return the new root
   */
  public long insert(long root, double score, long member) {
    if (root == 0) {
      long leaf = newNode(0);
      slabs.putLong(leaf, PREVIOUS, 0);
      slabs.putLong(leaf, NEXT, 0);
      putLeaf(leaf, 0, score, member);
      setCount(leaf, 1);
      return leaf;
    }
    int depth = descend(root, score, member);
    long leaf = pathNodes[depth];
    int slot = pathSlots[depth];
    long right = 0;
    if (count(leaf) == LEAF_ITEMS) {
      right = splitLeaf(leaf, slot);
      int left = count(leaf);
      if (slot > left || slot == left && count(right) < left) {
        leaf = right;
        slot -= left;
      }
    }
    int count = count(leaf);
    int at = LEAF_HEADER + slot * LEAF_ITEM;
    slabs.copy(leaf, at, leaf, at + LEAF_ITEM, (count - slot) * LEAF_ITEM);
    putLeaf(leaf, slot, score, member);
    setCount(leaf, count + 1);
    return rise(root, depth, right, 1);
  }

  /**
   * Removes the item with this score and this member.
   *
   * @return the new root
   * @throws IllegalStateException if it is not there
   */
  public long remove(long root, double score, long member) {
    int depth = descend(root, score, member);
    long leaf = pathNodes[depth];
    int slot = pathSlots[depth];
    int count = count(leaf);
    if (slot == count || memberAt(leaf, slot) != member) {
      throw new IllegalStateException("ordered index lacks a member that its table has");
    }
    int at = LEAF_HEADER + slot * LEAF_ITEM;
    slabs.copy(leaf, at + LEAF_ITEM, leaf, at, (count - slot - 1) * LEAF_ITEM);
    setCount(leaf, count - 1);
    return sink(root, depth);
  }

  /** Number of items before this one. REQUIRES: it is there. */
  public long rank(long root, double score, long member) {
    int depth = descend(root, score, member);
    long rank = pathSlots[depth];
    for (int i = 0; i < depth; i++) {
      for (int slot = 0; slot < pathSlots[i]; slot++) {
        rank += innerSize(pathNodes[i], slot);
      }
    }
    return rank;
  }

  /**
   * Names a member by its new reference after its bytes moved. REQUIRES: both references still lead
   * to the same bytes.
   */
  public void moved(long root, double score, long member, long newMember) {
    int depth = descend(root, score, member);
    long leaf = pathNodes[depth];
    if (pathSlots[depth] == count(leaf) || memberAt(leaf, pathSlots[depth]) != member) {
      throw new IllegalStateException("ordered index lacks a member that its table has");
    }
    slabs.putLong(leaf, leafAt(pathSlots[depth]) + MEMBER, newMember);
    for (int i = 0; i < depth; i++) {
      int at = innerAt(pathSlots[i]);
      if (slabs.getLong(pathNodes[i], at + MEMBER) == member) {
        slabs.putLong(pathNodes[i], at + MEMBER, newMember);
      }
    }
  }

  /** Items in the leaf that holds the item with this index. REQUIRES: there is one. */
  public int leafItems(long root, long index) {
    int depth = descendTo(root, index);
    return count(pathNodes[depth]) - pathSlots[depth];
  }

  /**
   * Moves the nodes on the way to the item with this index out of sparse slabs.
   *
   * @return the root, perhaps moved
   */
  public long relocate(long root, long index) {
    int depth = descendTo(root, index);
    long top = slabs.relocate(root);
    long parent = top;
    for (int i = 1; i <= depth; i++) {
      long old = pathNodes[i];
      long node = slabs.relocate(old);
      if (node != old) {
        slabs.putLong(parent, innerAt(pathSlots[i - 1]) + CHILD, node);
        relinkLeaf(node);
      }
      parent = node;
    }
    return top;
  }

  private int descendTo(long root, long index) {
    long node = root;
    long rest = index;
    int depth = 0;
    while (level(node) > 0) {
      int at = 0;
      long below = innerSize(node, 0);
      while (rest >= below) {
        rest -= below;
        at++;
        below = innerSize(node, at);
      }
      pathNodes[depth] = node;
      pathSlots[depth] = at;
      depth++;
      node = child(node, at);
    }
    pathNodes[depth] = node;
    pathSlots[depth] = (int) rest;
    return depth;
  }

  private void relinkLeaf(long node) {
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

  /**
   * Frees at most {@code maxNodes} nodes of a tree that nobody looks at any more; the members are
   * the caller's.
   *
   * @return the root of what is left, 0 when nothing is
   */
  public long free(long root, int maxNodes) {
    long left = root;
    for (int freed = 0; freed < maxNodes && left != 0; freed++) {
      long parent = 0;
      long node = left;
      while (level(node) > 0 && count(node) > 0) {
        parent = node;
        node = child(node, count(node) - 1);
      }
      slabs.free(node);
      if (parent == 0) {
        left = 0;
      } else {
        setCount(parent, count(parent) - 1);
      }
    }
    return left;
  }

  /** Fills the path to the first item that is not before (score, member); answers its depth. */
  private int descend(long root, double score, long member) {
    long node = root;
    int depth = 0;
    while (true) {
      boolean leaf = level(node) == 0;
      int header = leaf ? LEAF_HEADER : INNER_HEADER;
      int shift = leaf ? LEAF_SHIFT : INNER_SHIFT;
      int count = count(node);
      int at = 0;
      int to = leaf ? count : count - 1;
      while (at < to) {
        int middle = (at + to) >>> 1;
        if (isBefore(node, header + (middle << shift), score, member)) {
          at = middle + 1;
        } else {
          to = middle;
        }
      }
      pathNodes[depth] = node;
      pathSlots[depth] = at;
      if (leaf) {
        return depth;
      }
      node = child(node, at);
      depth++;
    }
  }

  /** Whether the item at an offset in a node comes before (score, member). */
  private boolean isBefore(long node, int itemAt, double score, long member) {
    double there = slabs.getDouble(node, itemAt);
    if (there != score) {
      return there < score;
    }
    long other = slabs.getLong(node, itemAt + MEMBER);
    return other != member && members.compare(other, member) < 0;
  }

  /** After an insertion at the bottom: sizes, last items and splits, level by level. */
  private long rise(long root, int depth, long newRight, int added) {
    long right = newRight;
    for (int i = depth - 1; i >= 0; i--) {
      long node = pathNodes[i];
      int slot = pathSlots[i];
      long child = pathNodes[i + 1];
      if (right == 0) {
        int at = innerAt(slot);
        slabs.putLong(node, at + SIZE, slabs.getLong(node, at + SIZE) + added);
        copyLast(child, node, slot);
        continue;
      }
      long splitOff = 0;
      describe(node, slot, child);
      if (count(node) == INNER_ITEMS) {
        splitOff = splitInner(node);
        if (slot >= count(node)) {
          slot -= count(node);
          node = splitOff;
        }
      }
      insertChild(node, slot + 1, right);
      right = splitOff;
    }
    if (right == 0) {
      return root;
    }
    long newRoot = newNode(level(root) + 1);
    setCount(newRoot, 2);
    describe(newRoot, 0, root);
    describe(newRoot, 1, right);
    return newRoot;
  }

  /** After a removal at the bottom: sizes, last items, and nodes that became too empty. */
  private long sink(long root, int depth) {
    for (int i = depth - 1; i >= 0; i--) {
      long node = pathNodes[i];
      int slot = pathSlots[i];
      long child = pathNodes[i + 1];
      int count = count(child);
      if (count == 0) {
        unlinkLeaf(child);
        slabs.free(child);
        removeChild(node, slot);
        continue;
      }
      int at = innerAt(slot);
      slabs.putLong(node, at + SIZE, slabs.getLong(node, at + SIZE) - 1);
      copyLast(child, node, slot);
      int limit = level(child) == 0 ? LEAF_ITEMS : INNER_ITEMS;
      if (count < limit / 4) {
        mergeChild(node, slot, limit);
      }
    }
    long top = root;
    while (level(top) > 0 && count(top) == 1) {
      long only = child(top, 0);
      slabs.free(top);
      top = only;
    }
    if (count(top) == 0) {
      slabs.free(top);
      return 0;
    }
    return top;
  }

  /** Joins the child with a neighbour if both fit in one node; otherwise it stays as it is. */
  private void mergeChild(long node, int slot, int limit) {
    int left = slot > 0 ? slot - 1 : slot;
    if (left + 1 >= count(node)) {
      return;
    }
    if (count(child(node, left)) + count(child(node, left + 1)) > limit) {
      left = slot;
      if (left + 1 >= count(node)
          || count(child(node, left)) + count(child(node, left + 1)) > limit) {
        return;
      }
    }
    long into = child(node, left);
    long from = child(node, left + 1);
    int count = count(into);
    int more = count(from);
    if (level(into) == 0) {
      slabs.copy(from, LEAF_HEADER, into, leafAt(count), more * LEAF_ITEM);
      unlinkLeaf(from);
    } else {
      slabs.copy(from, INNER_HEADER, into, innerAt(count), more * INNER_ITEM);
    }
    setCount(into, count + more);
    slabs.free(from);
    removeChild(node, left + 1);
    describe(node, left, into);
  }

  /** Splits a full leaf in two; after the last item of all, the left one keeps everything. */
  private long splitLeaf(long leaf, int slot) {
    long next = slabs.getLong(leaf, NEXT);
    int keep = next == 0 && slot == LEAF_ITEMS ? LEAF_ITEMS : LEAF_ITEMS / 2;
    long right = newNode(0);
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

  private long splitInner(long node) {
    int keep = INNER_ITEMS / 2 + 1;
    long right = newNode(level(node));
    slabs.copy(node, innerAt(keep), right, INNER_HEADER, (INNER_ITEMS - keep) * INNER_ITEM);
    setCount(right, INNER_ITEMS - keep);
    setCount(node, keep);
    return right;
  }

  private void insertChild(long node, int slot, long child) {
    int count = count(node);
    int at = innerAt(slot);
    slabs.copy(node, at, node, at + INNER_ITEM, (count - slot) * INNER_ITEM);
    setCount(node, count + 1);
    describe(node, slot, child);
  }

  private void removeChild(long node, int slot) {
    int count = count(node);
    int at = innerAt(slot);
    slabs.copy(node, at + INNER_ITEM, node, at, (count - slot - 1) * INNER_ITEM);
    setCount(node, count - 1);
  }

  /** Writes an inner item from what its child holds now. */
  private void describe(long node, int slot, long child) {
    slabs.putLong(node, innerAt(slot) + CHILD, child);
    slabs.putLong(node, innerAt(slot) + SIZE, size(child));
    copyLast(child, node, slot);
  }

  private void copyLast(long child, long node, int slot) {
    int last = count(child) - 1;
    int from = level(child) == 0 ? leafAt(last) : innerAt(last);
    int to = innerAt(slot);
    slabs.putLong(node, to, slabs.getLong(child, from));
    slabs.putLong(node, to + MEMBER, slabs.getLong(child, from + MEMBER));
  }

  private void unlinkLeaf(long node) {
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

  private long newNode(int level) {
    long node = slabs.allocate(NODE_BYTES);
    slabs.putByte(node, LEVEL, (byte) level);
    setCount(node, 0);
    return node;
  }

  private void putLeaf(long leaf, int slot, double score, long member) {
    slabs.putDouble(leaf, leafAt(slot), score);
    slabs.putLong(leaf, leafAt(slot) + MEMBER, member);
  }

  private double scoreAt(long node, int slot) {
    int at = level(node) == 0 ? leafAt(slot) : innerAt(slot);
    return slabs.getDouble(node, at);
  }

  private long memberAt(long node, int slot) {
    int at = level(node) == 0 ? leafAt(slot) : innerAt(slot);
    return slabs.getLong(node, at + MEMBER);
  }

  private long child(long node, int slot) {
    return slabs.getLong(node, innerAt(slot) + CHILD);
  }

  private long innerSize(long node, int slot) {
    return slabs.getLong(node, innerAt(slot) + SIZE);
  }

  private int level(long node) {
    return slabs.getByte(node, LEVEL);
  }

  private int count(long node) {
    return slabs.getShort(node, 0);
  }

  private void setCount(long node, int count) {
    slabs.putShort(node, 0, (short) count);
  }

  private static int leafAt(int slot) {
    return LEAF_HEADER + slot * LEAF_ITEM;
  }

  private static int innerAt(int slot) {
    return INNER_HEADER + slot * INNER_ITEM;
  }
}
