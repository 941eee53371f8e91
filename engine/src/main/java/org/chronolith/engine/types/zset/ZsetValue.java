package org.chronolith.engine.types.zset;

import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.CompactList;
import org.chronolith.engine.structure.EntryVisitor;
import org.chronolith.engine.structure.OrderedIndex;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionLimits;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.CollectionValue;
import org.chronolith.engine.types.ElementScratch;
import org.chronolith.engine.types.ElementTable;
import org.chronolith.engine.types.ElementVisitor;
import org.chronolith.engine.types.Encoding;

/**
 * A way to look at one sorted set at a time: {@link #open} it, work, and store {@link #value()}
 * again if it was changed. Small ones are a {@link CompactList} of members and scores in order;
 * beyond the limits they become an {@link ElementTable}. Thread: the owner of the keyspace.
 */
public final class ZsetValue extends CollectionValue {
  private static final int SCORE_BYTES = CompactList.elementBytes(Double.BYTES);

  private final CollectionMemory memory;
  private final CollectionLimits limits;
  private final CompactList compact;
  private final ElementTable table;
  private final OrderedIndex index;
  private final OrderedIndex.Cursor cursor;
  private final StoredBytes element;
  private final StoredBytes scoreBytes;
  private final ElementScratch scratch = new ElementScratch();
  private final EntryVisitor shower = this::show;

  /** Place of the cursor in a compact one, and of {@link #findCompact}'s find. */
  private int position;

  private ElementVisitor visitor;

  public ZsetValue(CollectionMemory memory, ZsetType type) {
    super(ValueType.ZSET);
    this.memory = memory;
    this.limits = memory.limits();
    this.compact = type.compact();
    this.table = type.table();
    this.index = type.index();
    this.cursor = index.cursor();
    this.element = new StoredBytes(memory.slabs());
    this.scoreBytes = new StoredBytes(memory.slabs());
  }

  /** Turns to a sorted set that no key is known of; root 0 is an empty one. */
  public ZsetValue open(int encoding, long root) {
    turnTo(encoding, root);
    return this;
  }

  @Override
  protected long collectionId() {
    return table.collectionId(root);
  }

  @Override
  public long size() {
    if (root == 0) {
      return 0;
    }
    return isLarge() ? table.size(root) : compact.count(root) >>> 1;
  }

  /** Score of a member, NaN if there is no such member. */
  public double score(Slice member) {
    if (isLarge()) {
      long entry = table.find(root, member);
      return entry == 0 ? Double.NaN : scoreOf(entry);
    }
    return findCompact(member) ? compactScore(position) : Double.NaN;
  }

  /**
   * Gives a member a score; true if the member is new.
   *
   * @param score not NaN
   */
  public boolean set(Slice member, double score) {
    if (Double.isNaN(score)) {
      throw new IllegalArgumentException("a score that is not a number");
    }
    if (isLarge()) {
      return setLarge(member, score);
    }
    boolean there = findCompact(member);
    if (there) {
      if (compactScore(position) == score) {
        return false;
      }
      willChange();
      root = compact.remove(root, position, 2);
    } else if (!staysCompact(member)) {
      willChange();
      convert();
      return setLarge(member, score);
    }
    willChange();
    if (root == 0) {
      root = compact.create(CompactList.elementBytes(member.length()) + SCORE_BYTES);
    }
    root = compact.insert(root, placeOf(member, score), member);
    root =
        compact.insertLong(
            root,
            compact.behind(root, compact.inserted()),
            // As in Redis, whose small sorted sets hold whole scores as integers: -0 becomes 0.
            Double.doubleToRawLongBits(score + 0.0));
    return !there;
  }

  private boolean setLarge(Slice member, double score) {
    long entry = table.find(root, member);
    long bits = Double.doubleToRawLongBits(score);
    if (entry == 0) {
      willChange();
      entry = table.addLong(root, member, bits);
      table.setIndex(root, index.insert(table.index(root), score, entry));
      return true;
    }
    double old = scoreOf(entry);
    if (old != score) {
      willChange();
      long tree = index.remove(table.index(root), old, entry);
      table.setLong(root, entry, bits);
      table.setIndex(root, index.insert(tree, score, entry));
    }
    return false;
  }

  private boolean staysCompact(Slice member) {
    if (member.length() > limits.zsetMaxValueBytes()) {
      return false;
    }
    if (root == 0) {
      return limits.zsetMaxEntries() > 0;
    }
    return compact.count(root) >>> 1 < limits.zsetMaxEntries()
        && compact.fits(root, CompactList.elementBytes(member.length()) + SCORE_BYTES);
  }

  private void convert() {
    long old = root;
    long large = table.create(memory.ids().getAsLong(), size() * 2);
    if (old != 0) {
      int at = compact.first(old);
      while (at != CompactList.NONE) {
        compact.element(old, at, element);
        at = compact.next(old, at);
        long bits = compact.longAt(old, at);
        at = compact.next(old, at);
        long entry = table.addLong(large, scratch.clear().first(element), bits);
        table.setIndex(
            large, index.insert(table.index(large), Double.longBitsToDouble(bits), entry));
      }
      memory.slabs().free(old);
    }
    root = large;
    encoding = Encoding.LARGE;
  }

  /** Removes a member; false if there is none. An empty sorted set is the caller's to remove. */
  public boolean remove(Slice member) {
    if (isLarge()) {
      long entry = table.find(root, member);
      if (entry == 0) {
        return false;
      }
      willChange();
      table.setIndex(root, index.remove(table.index(root), scoreOf(entry), entry));
      table.remove(root, entry);
      return true;
    }
    if (!findCompact(member)) {
      return false;
    }
    willChange();
    root = compact.remove(root, position, 2);
    return true;
  }

  /** Number of members before this one, or -1 if there is no such member. */
  public long rank(Slice member) {
    if (isLarge()) {
      long entry = table.find(root, member);
      return entry == 0 ? -1 : index.rank(table.index(root), scoreOf(entry), entry);
    }
    if (!findCompact(member)) {
      return -1;
    }
    long rank = 0;
    for (int at = compact.first(root); at != position; at = afterPair(at)) {
      rank++;
    }
    return rank;
  }

  // ---------------------------------------------------------------- in order

  /** Moves the cursor to the member with this rank; false beyond the ends. */
  public boolean seek(long rank) {
    if (rank < 0 || rank >= size()) {
      return false;
    }
    if (isLarge()) {
      return cursor.seekIndex(table.index(root), rank);
    }
    position = compact.at(root, (int) rank << 1);
    return true;
  }

  /** Moves the cursor to the next member; false after the last. */
  public boolean next() {
    if (isLarge()) {
      return cursor.next();
    }
    position = afterPair(position);
    return position != CompactList.NONE;
  }

  /** Moves the cursor to the member before; false before the first. */
  public boolean previous() {
    if (isLarge()) {
      return cursor.previous();
    }
    int scoreAt = compact.previous(root, position);
    position = scoreAt == CompactList.NONE ? scoreAt : compact.previous(root, scoreAt);
    return position != CompactList.NONE;
  }

  /** Points {@code out} at the member at the cursor. */
  public void member(StoredBytes out) {
    if (isLarge()) {
      table.key(cursor.member(), out);
    } else {
      compact.element(root, position, out);
    }
  }

  /** Score of the member at the cursor. */
  public double score() {
    return isLarge() ? cursor.score() : compactScore(position);
  }

  /** Shows all members in the order of the table, which is none, with their scores. */
  public void forEach(ElementVisitor visitor) {
    long at = 0;
    do {
      at = scan(at, Integer.MAX_VALUE, visitor);
    } while (at != 0);
  }

  /**
   * Shows the members of one step of an iteration and returns the next step's cursor; 0 begins and
   * ends. A small one is one step, a large one's is {@code buckets} buckets of its table. {@link
   * #score(StoredBytes)} reads the values.
   */
  public long scan(long from, int buckets, ElementVisitor visitor) {
    if (root == 0) {
      return 0;
    }
    if (isLarge()) {
      this.visitor = visitor;
      long to = table.scan(root, from, buckets, shower);
      this.visitor = null;
      return to;
    }
    int at = compact.first(root);
    while (at != CompactList.NONE) {
      compact.element(root, at, element);
      at = compact.next(root, at);
      compact.element(root, at, scoreBytes);
      at = compact.next(root, at);
      visitor.visit(element, scoreBytes);
    }
    return 0;
  }

  private void show(long entry) {
    table.key(entry, element);
    table.value(entry, scoreBytes);
    visitor.visit(element, scoreBytes);
  }

  /** The score in the eight bytes that {@link #scan} shows as a member's value. */
  public double score(StoredBytes value) {
    return Double.longBitsToDouble(value.longValue());
  }

  // ---------------------------------------------------------------- inside

  private double scoreOf(long entry) {
    return Double.longBitsToDouble(table.valueLong(entry));
  }

  private boolean findCompact(Slice member) {
    position = root == 0 ? CompactList.NONE : compact.find(root, member, 2);
    return position != CompactList.NONE;
  }

  private double compactScore(int memberAt) {
    return Double.longBitsToDouble(compact.longAt(root, compact.behind(root, memberAt)));
  }

  private int afterPair(int memberAt) {
    return compact.next(root, compact.next(root, memberAt));
  }

  /** Where a new pair goes in a compact one. */
  private int placeOf(Slice member, double score) {
    int end = compact.end(root);
    int at = compact.start(root);
    while (at != end) {
      int scoreAt = compact.behind(root, at);
      double there = Double.longBitsToDouble(compact.longAt(root, scoreAt));
      if (there > score || there == score && compact.compare(root, at, member) > 0) {
        return at;
      }
      at = scoreAt + SCORE_BYTES;
    }
    return end;
  }
}
