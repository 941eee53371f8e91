package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.ByteChain;
import org.chronolith.engine.structure.EntryLayout;
import org.chronolith.engine.structure.EntryRewriter;
import org.chronolith.engine.structure.HashTable;

/**
 * Item keys that were removed and that a snapshot may hold; the next one deletes them there. A
 * tombstone is {@code [next u64][mark u8][range u8][key length u16][item key]}; a range stands for
 * all items whose keys begin with its key. With key length 0xFFFF, {@code [chain u64][hash u64]}
 * stands for the item key.
 */
final class Tombstones implements EntryLayout {
  static final int MARK_AT = 8;
  private static final int RANGE_AT = 9;
  private static final int LENGTH_AT = 10;
  private static final int KEY_AT = 12;
  private static final int LONG = 0xFFFF;
  private static final int HASH_AT = KEY_AT + 8;
  private static final int LONG_BYTES = KEY_AT + 16;
  private static final int MAX_INLINE_BYTES = 16 << 10;

  private final SlabAllocator slabs;
  private final ByteChain chains;
  private final HashTable table;
  private final Slice key = new Slice();
  private long root;

  Tombstones(SlabAllocator slabs) {
    this.slabs = slabs;
    this.chains = new ByteChain(slabs);
    this.table = new HashTable(slabs, this);
    this.root = table.create(0);
  }

  long count() {
    return table.size(root);
  }

  /** Adds (or renews) a tombstone for the readable bytes of {@code itemKey}. */
  void add(ByteBuf itemKey, boolean range, byte mark) {
    key.set(itemKey, itemKey.readerIndex(), itemKey.readableBytes());
    long hash = slabs.hash(key);
    if (table.find(root, key, hash) != 0) {
      // An older one is as good: what it deletes has not come back, or it would be gone.
      return;
    }
    boolean isLong = key.length() > MAX_INLINE_BYTES;
    long tombstone = slabs.allocate(isLong ? LONG_BYTES : KEY_AT + key.length());
    slabs.putByte(tombstone, MARK_AT, mark);
    slabs.putByte(tombstone, RANGE_AT, (byte) (range ? 1 : 0));
    slabs.putShort(tombstone, LENGTH_AT, (short) (isLong ? LONG : key.length()));
    if (isLong) {
      slabs.putLong(tombstone, KEY_AT, chains.create(key));
      slabs.putLong(tombstone, HASH_AT, hash);
    } else {
      slabs.copyIn(tombstone, KEY_AT, key);
    }
    table.insert(root, tombstone, hash);
  }

  /** The tombstone of the item key, unlinked for the caller to free, or 0. */
  long take(ByteBuf itemKey) {
    if (table.size(root) == 0) {
      return 0;
    }
    key.set(itemKey, itemKey.readerIndex(), itemKey.readableBytes());
    return table.remove(root, key, slabs.hash(key));
  }

  boolean isRange(long tombstone) {
    return slabs.getByte(tombstone, RANGE_AT) != 0;
  }

  byte mark(long tombstone) {
    return slabs.getByte(tombstone, MARK_AT);
  }

  void setMark(long tombstone, byte mark) {
    slabs.putByte(tombstone, MARK_AT, mark);
  }

  private int inlineLength(long tombstone) {
    return slabs.getShort(tombstone, LENGTH_AT) & 0xFFFF;
  }

  private boolean isLong(long tombstone) {
    return inlineLength(tombstone) == LONG;
  }

  private long chain(long tombstone) {
    return slabs.getLong(tombstone, KEY_AT);
  }

  int keyLength(long tombstone) {
    return isLong(tombstone) ? chains.length(chain(tombstone)) : inlineLength(tombstone);
  }

  void copyKey(long tombstone, ByteBuf out) {
    if (isLong(tombstone)) {
      chains.copyTo(chain(tombstone), out);
    } else {
      slabs.copyOut(tombstone, KEY_AT, inlineLength(tombstone), out);
    }
  }

  /** Frees one that was taken out of the table. */
  void freeOne(long tombstone) {
    if (isLong(tombstone)) {
      chains.free(chain(tombstone));
    }
    slabs.free(tombstone);
  }

  long rewrite(long cursor, EntryRewriter rewriter) {
    return table.rewrite(root, cursor, rewriter);
  }

  long compact(long cursor) {
    if (cursor == 0) {
      root = slabs.relocate(root);
    }
    return table.compact(root, cursor, this::relocate);
  }

  private long relocate(long tombstone) {
    if (isLong(tombstone)) {
      slabs.putLong(tombstone, KEY_AT, chains.relocate(chain(tombstone)));
    }
    return slabs.relocate(tombstone);
  }

  /** Forgets all of them; returns the old table for {@link #free}. */
  long detach() {
    long detached = root;
    root = table.create(0);
    return detached;
  }

  boolean free(long detached, int budget) {
    return table.drain(detached, budget, this::freeOne);
  }

  void validate() {
    table.validate(root);
  }

  @Override
  public boolean keyEquals(long entry, Slice wanted) {
    return isLong(entry)
        ? chains.equals(chain(entry), wanted)
        : slabs.equals(entry, KEY_AT, inlineLength(entry), wanted);
  }

  @Override
  public long hash(long entry) {
    return isLong(entry)
        ? slabs.getLong(entry, HASH_AT)
        : slabs.hash(entry, KEY_AT, inlineLength(entry));
  }
}
