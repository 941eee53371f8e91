package org.chronolith.engine.keyspace;

import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.HashTable;

/**
 * The keys of one database. A database points to a space: FLUSHDB gives it a new one, SWAPDB swaps
 * them, and a detached space is walked by a running snapshot, then freed in slices. Its id, never
 * used again, is what its items are stored under.
 *
 * <p>Thread: the owner of the keyspace.
 */
final class Space {
  final int id;

  /** The database that points here, or -1 once detached. */
  int database;

  long index;
  final ExpiryHeap expiries;
  final long[] typeCounts = new long[ValueType.LIMIT];
  private final Keyspace keyspace;
  private final SlabAllocator slabs;
  private final Entries entries;
  private final HashTable table;

  Space(Keyspace keyspace, int id, int database) {
    this.keyspace = keyspace;
    this.id = id;
    this.database = database;
    this.slabs = keyspace.slabs();
    this.entries = keyspace.entries();
    this.table = keyspace.table();
    this.expiries = new ExpiryHeap(slabs);
    this.index = table.create(0);
  }

  long size() {
    return table.size(index);
  }

  /** The entry of the key, expired or not, or 0. */
  long find(Slice key, long hash) {
    return table.find(index, key, hash);
  }

  /**
   * Adds a key with room for a value, which is undefined. REQUIRES: the key is absent. Leaves the
   * positions in {@link Entries}.
   */
  long insert(Slice key, long hash, int kind, long expireAtMs, int valueLength) {
    boolean expires = expireAtMs >= 0;
    long entry =
        slabs.allocate(Entries.bytes(Entries.keyBytes(key.length()), expires, valueLength));
    int flags = expires ? Entries.EXPIRES : 0;
    if (key.length() > Entries.MAX_INLINE_KEY_BYTES) {
      flags |= Entries.LONG_KEY;
    }
    if (keyspace.changes().revive(this, key)) {
      flags |= Entries.STORED;
    }
    slabs.putByte(entry, Entries.MARK_AT, keyspace.marks().current());
    if (expires) {
      slabs.putLong(entry, Entries.EXPIRE_AT, expireAtMs);
      slabs.putByte(entry, Entries.KIND_AT, (byte) (kind | flags));
      expiries.add(entry, expireAtMs);
    }
    entries.write(entry, kind | flags, key, hash, valueLength);
    table.insert(index, entry, hash);
    typeCounts[Entries.type(kind)]++;
    // The insertion may have moved buckets, and so read other entries.
    entries.read(entry);
    return entry;
  }

  /**
   * Gives an entry another kind, expiry or value length, moving it if its block does not fit. Of
   * the value, what fits stays. REQUIRES: {@link #willChange} was called. Leaves the positions in
   * {@link Entries}.
   */
  long reshape(long entry, int kind, long expireAtMs, int valueLength) {
    int oldKind = entries.kind(entry);
    boolean expires = expireAtMs >= 0;
    int newKind =
        kind & 0x1F
            | oldKind & (Entries.STORED | Entries.LONG_KEY)
            | (expires ? Entries.EXPIRES : 0);
    entries.read(entry);
    int bytes = Entries.bytes(entries.keyLength, expires, valueLength);
    typeCounts[Entries.type(oldKind)]--;
    typeCounts[Entries.type(newKind)]++;
    boolean sameShape =
        (oldKind & Entries.EXPIRES) == (newKind & Entries.EXPIRES)
            && SlabAllocator.capacityFor(bytes) == slabs.capacity(entry);
    if (sameShape) {
      entries.resizeValue(entry, valueLength);
      slabs.putByte(entry, Entries.KIND_AT, (byte) newKind);
      if (expires && slabs.getLong(entry, Entries.EXPIRE_AT) != expireAtMs) {
        slabs.putLong(entry, Entries.EXPIRE_AT, expireAtMs);
        expiries.update(entry, expireAtMs);
      }
      return entry;
    }
    return move(entry, oldKind, newKind, expireAtMs, bytes, valueLength);
  }

  private long move(
      long entry, int oldKind, int newKind, long expireAtMs, int bytes, int valueLength) {
    int fromKeyAt = entries.keyAt;
    int keyLength = entries.keyLength;
    int fromValueAt = entries.valueAt;
    int kept = Math.min(entries.valueLength, valueLength);
    long hash = entries.hash(entry);
    long moved = slabs.allocate(bytes);
    slabs.putByte(moved, Entries.MARK_AT, slabs.getByte(entry, Entries.MARK_AT));
    boolean expired = (oldKind & Entries.EXPIRES) != 0;
    if (expireAtMs >= 0) {
      slabs.putLong(moved, Entries.EXPIRE_AT, expireAtMs);
      slabs.putByte(moved, Entries.KIND_AT, (byte) newKind);
      if (expired) {
        slabs.putInt(moved, Entries.HEAP_INDEX_AT, slabs.getInt(entry, Entries.HEAP_INDEX_AT));
        expiries.moved(moved);
        expiries.update(moved, expireAtMs);
      } else {
        expiries.add(moved, expireAtMs);
      }
    } else if (expired) {
      expiries.remove(entry);
    }
    entries.write(moved, newKind, entry, fromKeyAt, keyLength, valueLength);
    slabs.copy(entry, fromValueAt, moved, entries.valueAt, kept);
    table.replace(index, entry, moved, hash);
    slabs.free(entry);
    return moved;
  }

  /**
   * Must be called before an entry or what hangs on it changes: serialises it if the running
   * snapshot still needs it, and marks it.
   */
  void willChange(long entry) {
    Marks marks = keyspace.marks();
    byte mark = slabs.getByte(entry, Entries.MARK_AT);
    byte current = marks.current();
    if (mark != current) {
      if (marks.isDue(mark)) {
        keyspace.changes().putEntry(this, entry);
      }
      slabs.putByte(entry, Entries.MARK_AT, current);
    }
    if (keyspace.isBig(entries.kind(entry))) {
      entries.read(entry);
      int at = entries.valueAt;
      if (slabs.getByte(entry, at + Entries.BIG_FIRST) == marks.clean()) {
        slabs.putByte(entry, at + Entries.BIG_FIRST, current);
      }
      slabs.putByte(entry, at + Entries.BIG_LAST, current);
    }
    keyspace.touch(this, entry);
  }

  /** Removes the key and its value. */
  void remove(long entry) {
    willChange(entry);
    keyspace.lazyFree().discard(entry);
    forget(entry, entries.hash(entry));
  }

  /** Removes the key, not its value. REQUIRES: {@link #willChange} was called. */
  void forget(long entry, long hash) {
    int kind = entries.kind(entry);
    if ((kind & Entries.STORED) != 0) {
      keyspace.changes().buryEntry(this, entry);
    }
    if ((kind & Entries.EXPIRES) != 0) {
      expiries.remove(entry);
    }
    typeCounts[Entries.type(kind)]--;
    table.unlink(index, entry, hash);
    entries.free(entry);
  }

  void validate() {
    table.validate(index);
    expiries.validate();
  }
}
