package org.chronolith.engine.types.zset;

import io.netty.buffer.ByteBufUtil;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ValueDigest;
import org.chronolith.engine.structure.OrderedIndex;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.ElementTable;
import org.chronolith.engine.types.Encoding;
import org.chronolith.engine.types.TableType;

/** Sorted sets for the keyspace. Thread: its owner. */
public final class ZsetType extends TableType {
  /** Set in the cursors of a compaction that is through with the table and moves the index. */
  private static final long INDEX_PHASE = 1L << 62;

  private final OrderedIndex index;
  private final OrderedIndex.Cursor cursor;
  private final ElementTable.EntryMoved moved = this::moved;

  /** What a member takes in the ordered index: an item of 16 bytes, in nodes two thirds full. */
  private static final int INDEX_BYTES = 25;

  private final ZsetValue values;
  private long compacting;

  public ZsetType(CollectionMemory memory) {
    super(memory, 2);
    this.index =
        new OrderedIndex(
            slabs,
            new OrderedIndex.Members() {
              @Override
              public int compare(long member, long other) {
                return table.compareKeys(member, other);
              }

              @Override
              public int compare(long member, Slice other) {
                return table.compareKey(member, other);
              }
            });
    this.cursor = index.cursor();
    this.values = new ZsetValue(memory, this);
  }

  /** Ordered indexes of this keyspace's memory. */
  public OrderedIndex index() {
    return index;
  }

  /** The value that commands turn to the sorted set of a key; one at a time. */
  public ZsetValue value() {
    return values;
  }

  @Override
  public long bytes(int encoding, long root) {
    long bytes = super.bytes(encoding, root);
    return encoding == Encoding.COMPACT ? bytes : bytes + table.size(root) * INDEX_BYTES;
  }

  @Override
  public long exactBytes(int encoding, long root, long upTo) {
    if (encoding == Encoding.COMPACT) {
      return super.exactBytes(encoding, root, upTo);
    }
    long index = table.size(root) * INDEX_BYTES;
    return super.exactBytes(encoding, root, upTo - index) + index;
  }

  @Override
  public long loadElement(int encoding, long root, Slice itemKey, Slice value) {
    if (value.length() != Double.BYTES) {
      throw corrupt("a score");
    }
    long entry = table.load(root, itemKey, value);
    double score = scoreOf(entry);
    if (Double.isNaN(score)) {
      throw corrupt("a score");
    }
    table.setIndex(root, index.insert(table.index(root), score, entry));
    return root;
  }

  @Override
  public long freeBig(int encoding, long root, int budget) {
    long tree = table.index(root);
    if (tree != 0) {
      table.setIndex(root, index.free(tree, budget));
      return root;
    }
    return super.freeBig(encoding, root, budget);
  }

  @Override
  public long copy(int encoding, long root, long collectionId) {
    if (encoding == Encoding.COMPACT) {
      return super.copy(encoding, root, collectionId);
    }
    long copy = table.create(collectionId, table.size(root));
    for (boolean there = cursor.seekIndex(table.index(root), 0); there; there = cursor.next()) {
      long entry = table.addCopy(copy, cursor.member());
      table.setIndex(copy, index.insert(table.index(copy), cursor.score(), entry));
    }
    return copy;
  }

  @Override
  public long compact(int encoding, long root, long cursor, int budget, Relocation relocation) {
    if (encoding == Encoding.COMPACT) {
      return super.compact(encoding, root, cursor, budget, relocation);
    }
    long header = table.relocateHeader(root);
    relocation.root = header;
    if ((cursor & INDEX_PHASE) == 0) {
      compacting = header;
      long next = table.compact(header, cursor, budget, moved);
      return next == 0 ? INDEX_PHASE : next;
    }
    long rank = cursor & ~INDEX_PHASE;
    for (int leaves = 0; leaves < budget && rank < table.size(header); leaves++) {
      table.setIndex(header, index.relocate(table.index(header), rank));
      rank += index.leafItems(table.index(header), rank);
    }
    return rank < table.size(header) ? INDEX_PHASE | rank : 0;
  }

  private void moved(long entry, long now) {
    index.moved(table.index(compacting), scoreOf(entry), entry, now);
  }

  private double scoreOf(long entry) {
    return Double.longBitsToDouble(table.valueLong(entry));
  }

  @Override
  public void digest(int encoding, long root, ValueDigest digest) {
    values
        .open(encoding, root)
        .forEach(
            (member, score) -> {
              digest.beginElement();
              member.copyTo(digest.scratch());
              digest.mixElement();
              ByteBufUtil.writeAscii(digest.scratch(), ScoreText.format(values.score(score)));
              digest.mixElement();
              digest.endElement();
            });
  }
}
