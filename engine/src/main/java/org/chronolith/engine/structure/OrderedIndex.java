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
 * <p>{@link OrderedNodes} lays the nodes out. Thread: the owner of the keyspace.
 */
public final class OrderedIndex {
  /** How the bytes of members compare, unsigned; the tree itself knows references only. */
  public interface Members {
    int compare(long member, long other);

    int compare(long member, Slice other);
  }

  /** 62 × 31^11 items: more than references can name. */
  private static final int MAX_LEVELS = 12;

  private final SlabAllocator slabs;
  private final OrderedNodes nodes;
  private final Members members;

  /** The way down of the operation that runs: the node and the slot taken at each level. */
  private final long[] pathNodes = new long[MAX_LEVELS];

  private final int[] pathSlots = new int[MAX_LEVELS];

  public OrderedIndex(SlabAllocator slabs, Members members) {
    this.slabs = slabs;
    this.nodes = new OrderedNodes(slabs);
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
        int count = nodes.count(node);
        int at = slotBehind(node, score, exclusive);
        if (at == count) {
          return false;
        }
        if (nodes.level(node) == 0) {
          leaf = node;
          slot = at;
          return true;
        }
        node = nodes.child(node, at);
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
        int count = nodes.count(node);
        int at = slotBehind(node, member, exclusive);
        if (at == count) {
          return false;
        }
        if (nodes.level(node) == 0) {
          leaf = node;
          slot = at;
          return true;
        }
        node = nodes.child(node, at);
      }
    }

    /** To the next item; false, and no place any more, after the last. */
    public boolean next() {
      if (++slot == nodes.count(leaf)) {
        leaf = nodes.next(leaf);
        slot = 0;
      }
      return leaf != 0;
    }

    /** To the item before; false, and no place any more, before the first. */
    public boolean previous() {
      if (--slot < 0) {
        leaf = nodes.previous(leaf);
        slot = leaf == 0 ? 0 : nodes.count(leaf) - 1;
      }
      return leaf != 0;
    }

    public double score() {
      return nodes.scoreAt(leaf, slot);
    }

    /** Reference of the member, as it was inserted. */
    public long member() {
      return nodes.memberAt(leaf, slot);
    }
  }

  public Cursor cursor() {
    return new Cursor();
  }

  /** Number of items. */
  public long size(long root) {
    return nodes.size(root);
  }

  /**
   * Adds a member. REQUIRES: no item has both this score and these bytes.
   *
   * @return the new root
   */
  public long insert(long root, double score, long member) {
    if (root == 0) {
      long leaf = nodes.newLeaf();
      nodes.insertItem(leaf, 0, score, member);
      return leaf;
    }
    int depth = descend(root, score, member);
    long leaf = pathNodes[depth];
    int slot = pathSlots[depth];
    long right = 0;
    if (nodes.count(leaf) == OrderedNodes.LEAF_ITEMS) {
      right = nodes.splitLeaf(leaf, slot);
      int left = nodes.count(leaf);
      if (slot > left || slot == left && nodes.count(right) < left) {
        leaf = right;
        slot -= left;
      }
    }
    nodes.insertItem(leaf, slot, score, member);
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
    if (slot == nodes.count(leaf) || nodes.memberAt(leaf, slot) != member) {
      throw new IllegalStateException("ordered index lacks a member that its table has");
    }
    nodes.removeItem(leaf, slot);
    return sink(root, depth);
  }

  /** Number of items whose score is less than (or, if {@code inclusive}, at most) {@code score}. */
  public long countBelow(long root, double score, boolean inclusive) {
    long below = 0;
    long node = root;
    while (node != 0) {
      int at = slotBehind(node, score, inclusive);
      below += sizeBefore(node, at);
      node = childAt(node, at);
    }
    return below;
  }

  /** As {@link #countBelow} by the member's bytes, in a tree whose scores are all equal. */
  public long countBelow(long root, Slice member, boolean inclusive) {
    long below = 0;
    long node = root;
    while (node != 0) {
      int at = slotBehind(node, member, inclusive);
      below += sizeBefore(node, at);
      node = childAt(node, at);
    }
    return below;
  }

  /** Slot of the first item of a node that is not below the score, nor equal if that is skipped. */
  private int slotBehind(long node, double score, boolean skipEqual) {
    int at = 0;
    int to = nodes.count(node);
    while (at < to) {
      int middle = (at + to) >>> 1;
      double there = nodes.scoreAt(node, middle);
      if (skipEqual ? there <= score : there < score) {
        at = middle + 1;
      } else {
        to = middle;
      }
    }
    return at;
  }

  private int slotBehind(long node, Slice member, boolean skipEqual) {
    int at = 0;
    int to = nodes.count(node);
    while (at < to) {
      int middle = (at + to) >>> 1;
      int compared = members.compare(nodes.memberAt(node, middle), member);
      if (compared < 0 || skipEqual && compared == 0) {
        at = middle + 1;
      } else {
        to = middle;
      }
    }
    return at;
  }

  /** Items of a node, or below it, before a slot. */
  private long sizeBefore(long node, int slot) {
    if (nodes.level(node) == 0) {
      return slot;
    }
    long size = 0;
    for (int i = 0; i < slot; i++) {
      size += nodes.innerSize(node, i);
    }
    return size;
  }

  /** The child at a slot, 0 behind the last and below a leaf. */
  private long childAt(long node, int slot) {
    return nodes.level(node) == 0 || slot == nodes.count(node) ? 0 : nodes.child(node, slot);
  }

  /** Number of items before this one. REQUIRES: it is there. */
  public long rank(long root, double score, long member) {
    int depth = descend(root, score, member);
    long rank = 0;
    for (int i = 0; i <= depth; i++) {
      rank += sizeBefore(pathNodes[i], pathSlots[i]);
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
    if (pathSlots[depth] == nodes.count(leaf) || nodes.memberAt(leaf, pathSlots[depth]) != member) {
      throw new IllegalStateException("ordered index lacks a member that its table has");
    }
    nodes.setMember(leaf, pathSlots[depth], newMember);
    for (int i = 0; i < depth; i++) {
      if (nodes.memberAt(pathNodes[i], pathSlots[i]) == member) {
        nodes.setMember(pathNodes[i], pathSlots[i], newMember);
      }
    }
  }

  /** Items in the leaf that holds the item with this index. REQUIRES: there is one. */
  public int leafItems(long root, long index) {
    int depth = descendTo(root, index);
    return nodes.count(pathNodes[depth]) - pathSlots[depth];
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
        nodes.setChild(parent, pathSlots[i - 1], node);
        nodes.relinkLeaf(node);
      }
      parent = node;
    }
    return top;
  }

  private int descendTo(long root, long index) {
    long node = root;
    long rest = index;
    int depth = 0;
    while (nodes.level(node) > 0) {
      int at = 0;
      long below = nodes.innerSize(node, 0);
      while (rest >= below) {
        rest -= below;
        at++;
        below = nodes.innerSize(node, at);
      }
      pathNodes[depth] = node;
      pathSlots[depth] = at;
      depth++;
      node = nodes.child(node, at);
    }
    pathNodes[depth] = node;
    pathSlots[depth] = (int) rest;
    return depth;
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
      while (nodes.level(node) > 0 && nodes.count(node) > 0) {
        parent = node;
        node = nodes.child(node, nodes.count(node) - 1);
      }
      slabs.free(node);
      if (parent == 0) {
        left = 0;
      } else {
        nodes.setCount(parent, nodes.count(parent) - 1);
      }
    }
    return left;
  }

  /** Fills the path to the first item that is not before (score, member); answers its depth. */
  private int descend(long root, double score, long member) {
    long node = root;
    int depth = 0;
    while (true) {
      boolean leaf = nodes.level(node) == 0;
      int header = leaf ? OrderedNodes.LEAF_HEADER : OrderedNodes.INNER_HEADER;
      int shift = leaf ? OrderedNodes.LEAF_SHIFT : OrderedNodes.INNER_SHIFT;
      int count = nodes.count(node);
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
      node = nodes.child(node, at);
      depth++;
    }
  }

  /** Whether the item at an offset in a node comes before (score, member). */
  private boolean isBefore(long node, int itemAt, double score, long member) {
    double there = nodes.score(node, itemAt);
    if (there != score) {
      return there < score;
    }
    long other = nodes.member(node, itemAt);
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
        nodes.addSize(node, slot, added);
        nodes.copyLast(child, node, slot);
        continue;
      }
      long splitOff = 0;
      nodes.describe(node, slot, child);
      if (nodes.count(node) == OrderedNodes.INNER_ITEMS) {
        splitOff = nodes.splitInner(node);
        if (slot >= nodes.count(node)) {
          slot -= nodes.count(node);
          node = splitOff;
        }
      }
      nodes.insertChild(node, slot + 1, right);
      right = splitOff;
    }
    if (right == 0) {
      return root;
    }
    long newRoot = nodes.newNode(nodes.level(root) + 1);
    nodes.insertChild(newRoot, 0, root);
    nodes.insertChild(newRoot, 1, right);
    return newRoot;
  }

  /** After a removal at the bottom: sizes, last items, and nodes that became too empty. */
  private long sink(long root, int depth) {
    for (int i = depth - 1; i >= 0; i--) {
      long node = pathNodes[i];
      int slot = pathSlots[i];
      long child = pathNodes[i + 1];
      int count = nodes.count(child);
      if (count == 0) {
        nodes.unlinkLeaf(child);
        slabs.free(child);
        nodes.removeChild(node, slot);
        continue;
      }
      nodes.addSize(node, slot, -1);
      nodes.copyLast(child, node, slot);
      int limit = nodes.level(child) == 0 ? OrderedNodes.LEAF_ITEMS : OrderedNodes.INNER_ITEMS;
      if (count < limit / 4) {
        mergeChild(node, slot, limit);
      }
    }
    long top = root;
    while (nodes.level(top) > 0 && nodes.count(top) == 1) {
      long only = nodes.child(top, 0);
      slabs.free(top);
      top = only;
    }
    if (nodes.count(top) == 0) {
      slabs.free(top);
      return 0;
    }
    return top;
  }

  /** Joins the child with a neighbour if both fit in one node; otherwise it stays as it is. */
  private void mergeChild(long node, int slot, int limit) {
    int left = slot > 0 ? slot - 1 : slot;
    if (left + 1 >= nodes.count(node)) {
      return;
    }
    if (nodes.count(nodes.child(node, left)) + nodes.count(nodes.child(node, left + 1)) > limit) {
      left = slot;
      if (left + 1 >= nodes.count(node)
          || nodes.count(nodes.child(node, left)) + nodes.count(nodes.child(node, left + 1))
              > limit) {
        return;
      }
    }
    long into = nodes.child(node, left);
    long from = nodes.child(node, left + 1);
    nodes.append(into, from);
    slabs.free(from);
    nodes.removeChild(node, left + 1);
    nodes.describe(node, left, into);
  }
}
