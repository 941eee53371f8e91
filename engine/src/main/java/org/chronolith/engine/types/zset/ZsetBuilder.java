package org.chronolith.engine.types.zset;

import org.chronolith.engine.Slice;
import org.chronolith.engine.structure.EntryVisitor;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.ElementScratch;
import org.chronolith.engine.types.ElementTable;
import org.chronolith.engine.types.Encoding;

/**
 * Makes a sorted set whose scores are not final until all its members are there, as unions have it:
 * members are put into order once, at the end, and a score keeps its bits until then.
 *
 * <p>The object is reused: {@link #begin}, {@link #set} and {@link #remove}, then one of the {@code
 * finish…} methods. Thread: the owner of the keyspace.
 */
final class ZsetBuilder {
  private final CollectionMemory memory;
  private final ZsetType type;
  private final ElementTable table;
  private final ZsetValue result;
  private final StoredBytes member;
  private final ElementScratch scratch = new ElementScratch();
  private final EntryVisitor measurer = this::measure;
  private final EntryVisitor orderer = this::order;
  private final EntryVisitor compactor = this::compact;
  private long header;
  private int longestBytes;

  ZsetBuilder(CollectionMemory memory, ZsetType type) {
    this.memory = memory;
    this.type = type;
    this.table = type.table();
    this.result = new ZsetValue(memory, type);
    this.member = new StoredBytes(memory.slabs());
  }

  /** Begins an empty one. REQUIRES: the last one was finished. */
  void begin() {
    header = table.create(memory.ids().getAsLong(), 0);
  }

  /** What stands for a member here, or 0; valid until a member is removed. */
  long find(Slice name) {
    return table.find(header, name);
  }

  double score(long entry) {
    return Double.longBitsToDouble(table.valueLong(entry));
  }

  void score(long entry, double score) {
    table.setLong(header, entry, Double.doubleToRawLongBits(score));
  }

  /** Adds a member. REQUIRES: it is absent. */
  void add(Slice name, double score) {
    table.addLong(header, name, Double.doubleToRawLongBits(score));
  }

  /** Removes a member if it is there. */
  void remove(Slice name) {
    long entry = table.find(header, name);
    if (entry != 0) {
      table.remove(header, entry);
    }
  }

  /** What was made, in order and in its large form, to be read and discarded. */
  ZsetValue finishLarge() {
    all(orderer);
    return result.open(Encoding.LARGE, take());
  }

  /** What was made, in the form that it has as the value of a key. */
  ZsetValue finish() {
    if (!isSmall()) {
      return finishLarge();
    }
    result.open(Encoding.COMPACT, 0);
    all(compactor);
    long old = take();
    while (type.freeBig(Encoding.LARGE, old, Integer.MAX_VALUE) != 0) {
      // At once, for it is small.
    }
    return result;
  }

  private boolean isSmall() {
    if (table.size(header) > memory.limits().zsetMaxEntries()) {
      return false;
    }
    longestBytes = 0;
    all(measurer);
    return longestBytes <= memory.limits().zsetMaxValueBytes();
  }

  private void measure(long entry) {
    table.key(entry, member);
    longestBytes = Math.max(longestBytes, member.length());
  }

  private long take() {
    long taken = header;
    header = 0;
    return taken;
  }

  private void all(EntryVisitor visitor) {
    table.scan(header, 0, Integer.MAX_VALUE, visitor);
  }

  private void order(long entry) {
    table.setIndex(header, type.index().insert(table.index(header), score(entry), entry));
  }

  private void compact(long entry) {
    table.key(entry, member);
    result.set(scratch.clear().first(member), score(entry));
  }
}
