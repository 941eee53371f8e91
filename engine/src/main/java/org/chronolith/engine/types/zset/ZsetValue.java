package org.chronolith.engine.types.zset;

import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.CompactList;
import org.chronolith.engine.structure.OrderedIndex;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.TableValue;

/**
 * A way to look at one sorted set at a time: {@link #find} it, work, and {@link #store} it. Small
 * ones are a {@link CompactList} of members and scores in order; beyond the limits they become a
 * table. Thread: the owner of the keyspace.
 */
public final class ZsetValue extends TableValue {
  private static final int SCORE_BYTES = CompactList.elementBytes(Double.BYTES);

  private final OrderedIndex index;
  private final OrderedIndex.Cursor cursor;

  /** Place of the cursor in a compact one, and of {@link #locate}'s find. */
  private int position;

  public ZsetValue(CollectionMemory memory, ZsetType type) {
    super(ValueType.ZSET, memory, type);
    this.index = type.index();
    this.cursor = index.cursor();
  }

  /** Turns to a sorted set that no key is known of; root 0 is an empty one. */
  public ZsetValue open(int encoding, long root) {
    turnTo(encoding, root);
    return this;
  }

  /** Score of a member, NaN if there is no such member. */
  public double score(Slice member) {
    if (isLarge()) {
      long entry = table.find(root, member);
      return entry == 0 ? Double.NaN : scoreOf(entry);
    }
    return locate(member) ? compactScore(position) : Double.NaN;
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
    boolean there = locate(member);
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
    return compactSize() < limits.zsetMaxEntries()
        && compact.fits(root, CompactList.elementBytes(member.length()) + SCORE_BYTES);
  }

  @Override
  protected void addTo(long large) {
    long bits = value.longValue();
    long entry = table.addLong(large, scratch.first(key), bits);
    table.setIndex(large, index.insert(table.index(large), Double.longBitsToDouble(bits), entry));
  }

  @Override
  protected void removing(long entry) {
    table.setIndex(root, index.remove(table.index(root), scoreOf(entry), entry));
  }

  /** Number of members before this one, or -1 if there is no such member. */
  public long rank(Slice member) {
    if (isLarge()) {
      long entry = table.find(root, member);
      return entry == 0 ? -1 : index.rank(table.index(root), scoreOf(entry), entry);
    }
    if (!locate(member)) {
      return -1;
    }
    long rank = 0;
    for (int at = compact.first(root); at != position; at = afterPair(at)) {
      rank++;
    }
    return rank;
  }

  /**
   * Before the first member of one that is made anew: it is large from the start if it is to have
   * more members than a small one can.
   */
  public void expect(long members) {
    if (root == 0 && members > limits.zsetMaxEntries()) {
      convert();
    }
  }

  /** Removes {@code count} members from the one with this rank on. REQUIRES: there are so many. */
  public void removeRange(long rank, long count) {
    if (count == 0) {
      return;
    }
    willChange();
    if (!isLarge()) {
      root = compact.remove(root, compact.at(root, (int) rank << 1), (int) count << 1);
      return;
    }
    for (long i = 0; i < count; i++) {
      cursor.seekIndex(table.index(root), rank);
      long entry = cursor.member();
      removing(entry);
      table.remove(root, entry);
    }
  }

  // ---------------------------------------------------------------- ranges

  /** Number of members before those of a range. */
  public long rankOfFirst(ScoreRange range) {
    return countBelow(range.min(), range.minExclusive());
  }

  /** Number of members that are not behind a range: of an empty range perhaps fewer than before. */
  public long rankBehind(ScoreRange range) {
    return countBelow(range.max(), !range.maxExclusive());
  }

  private long countBelow(double score, boolean inclusive) {
    if (root == 0) {
      return 0;
    }
    if (isLarge()) {
      return index.countBelow(table.index(root), score, inclusive);
    }
    long below = 0;
    for (int at = compact.first(root); at != CompactList.NONE; at = afterPair(at)) {
      double there = compactScore(at);
      if (inclusive ? there > score : there >= score) {
        break;
      }
      below++;
    }
    return below;
  }

  /**
   * Number of members before those of a range. Where scores differ it means as little as it does in
   * Redis, but depends on nothing but the members and their order.
   */
  public long rankOfFirst(LexRange range) {
    // As Redis does before it looks closer.
    if (size() == 0 || range.isAbove(memberAt(size() - 1)) || range.isBelow(memberAt(0))) {
      return size();
    }
    return lexRank(0, range, true);
  }

  /** Rank behind a range that begins at {@code first}. */
  public long rankBehind(LexRange range, long first) {
    return lexRank(first, range, false);
  }

  /** First rank, from {@code from} on, of a member not below the range, or of one behind it. */
  private long lexRank(long from, LexRange range, boolean first) {
    if (!isLarge()) {
      long rank = from;
      boolean there = seek(from);
      while (there && isBefore(range, first)) {
        rank++;
        there = next();
      }
      return rank;
    }
    LexRange.Bound bound = first ? range.min() : range.max();
    if (bound.isInfinite()) {
      return bound.isBelowAll() ? from : size();
    }
    if (hasEqualScores()) {
      boolean inclusive = first == bound.exclusive();
      return Math.max(from, index.countBelow(table.index(root), bound.member(), inclusive));
    }
    // By rank, since the way down the tree would depend on how its nodes came to be.
    long low = from;
    long high = size();
    while (low < high) {
      long middle = (low + high) >>> 1;
      seek(middle);
      if (isBefore(range, first)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Whether the member at the cursor comes before the range, or before its end. */
  private boolean isBefore(LexRange range, boolean first) {
    member(key);
    return first ? range.isAbove(key) : !range.isBelow(key);
  }

  private boolean hasEqualScores() {
    seek(0);
    double lowest = score();
    seek(size() - 1);
    return lowest == score();
  }

  private StoredBytes memberAt(long rank) {
    seek(rank);
    member(key);
    return key;
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

  /**
   * Moves the cursor to the first member whose score is at least (or, if {@code exclusive}, greater
   * than) {@code score}; false if there is none.
   */
  public boolean seekScore(double score, boolean exclusive) {
    if (isLarge()) {
      return cursor.seekScore(table.index(root), score, exclusive);
    }
    for (boolean there = seek(0); there; there = next()) {
      double found = compactScore(position);
      if (exclusive ? found > score : found >= score) {
        return true;
      }
    }
    return false;
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

  /** The score in the eight bytes that {@link #scan} shows as a member's value. */
  public double score(StoredBytes value) {
    return Double.longBitsToDouble(value.longValue());
  }

  // ---------------------------------------------------------------- inside

  private double scoreOf(long entry) {
    return Double.longBitsToDouble(table.valueLong(entry));
  }

  /** Moves {@link #position} to a member of a compact one; false if it is not there. */
  private boolean locate(Slice member) {
    position = findCompact(member);
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
