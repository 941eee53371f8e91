package org.chronolith.engine.types;

import java.util.random.RandomGenerator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ElementChanges;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.ByteChain;
import org.chronolith.engine.structure.EntryLayout;
import org.chronolith.engine.structure.EntryRewriter;
import org.chronolith.engine.structure.EntryVisitor;
import org.chronolith.engine.structure.HashTable;
import org.chronolith.engine.structure.StoredBytes;

/**
 * The elements of a large hash, set or sorted set: keys (fields, members) with values of any
 * length, in a {@link HashTable}, behind a header that the collection is named by.
 *
 * <pre>
 *   header: [collection id i64][table i64][index i64: the sorted set's ordered index, else 0]
 *   entry:  [next i64][mark u8][flags u8][key bytes u16][value bytes u16][key][value]
 *           key when chained (flag 1):   [chain i64][hash i64]
 *           value when chained (flag 2): [chain i64]
 * </pre>
 *
 * What happens to elements is told to {@link ElementChanges}. Thread: the owner of the keyspace.
 */
public final class ElementTable {
  /** Longer keys and values go into a {@link ByteChain}; two of this length fit in a block. */
  static final int MAX_INLINE_BYTES = 16 << 10;

  private static final int HEADER_BYTES = 24;
  private static final int TABLE_AT = 8;
  private static final int INDEX_AT = 16;

  private static final int MARK_AT = 8;
  private static final int FLAGS_AT = 9;
  private static final int KEY_BYTES_AT = 10;
  private static final int VALUE_BYTES_AT = 12;
  private static final int KEY_AT = 14;
  private static final int KEY_CHAINED = 1;
  private static final int VALUE_CHAINED = 2;
  private static final int CHAINED_KEY_BYTES = 16;
  private static final int CHAINED_VALUE_BYTES = 8;

  private final SlabAllocator slabs;
  private final ByteChain chains;
  private final HashTable table;
  private final ElementChanges changes;
  private final StoredBytes item;
  private final EntryVisitor freer = this::freeEntry;
  private final EntryVisitor writer = this::writeDue;
  private final EntryRewriter mover = this::move;

  private long walked;
  private EntryMoved moved;

  public ElementTable(SlabAllocator slabs, ElementChanges changes) {
    this.slabs = slabs;
    this.chains = new ByteChain(slabs);
    this.item = new StoredBytes(slabs);
    this.changes = changes;
    this.table = new HashTable(slabs, new Layout());
  }

  private final class Layout implements EntryLayout {
    @Override
    public boolean keyEquals(long entry, Slice key) {
      if (isKeyChained(entry)) {
        return chains.equals(keyChain(entry), key);
      }
      return slabs.equals(entry, KEY_AT, keyBytes(entry), key);
    }

    @Override
    public long hash(long entry) {
      return ElementTable.this.hash(entry);
    }
  }

  /** A new empty collection with room for about {@code expected} elements. */
  public long create(long collectionId, long expected) {
    long header = slabs.allocate(HEADER_BYTES);
    slabs.putLong(header, 0, collectionId);
    slabs.putLong(header, TABLE_AT, table.create(expected));
    slabs.putLong(header, INDEX_AT, 0);
    return header;
  }

  public long collectionId(long header) {
    return slabs.getLong(header, 0);
  }

  /** Root of the ordered index that a sorted set keeps beside the table, 0 when empty. */
  public long index(long header) {
    return slabs.getLong(header, INDEX_AT);
  }

  public void setIndex(long header, long root) {
    slabs.putLong(header, INDEX_AT, root);
  }

  public long size(long header) {
    return table.size(tableOf(header));
  }

  /** The entry of a key, or 0. */
  public long find(long header, Slice key) {
    return table.find(tableOf(header), key, slabs.hash(key));
  }

  /**
   * Adds a key. REQUIRES: it is absent.
   *
   * @param value what it maps to; null for nothing
   * @return the entry
   */
  public long add(long header, Slice key, Slice value) {
    return addEntry(header, newEntry(key, value));
  }

  /** As {@link #add} with a value of eight bytes: a score. */
  public long addLong(long header, Slice key, long value) {
    long entry = newEntry(key, Long.BYTES, false);
    slabs.putLong(entry, valueAt(entry), value);
    return addEntry(header, entry);
  }

  private long addEntry(long header, long entry) {
    table.insert(tableOf(header), entry, hash(entry));
    added(header, entry);
    return entry;
  }

  /**
   * Gives the key of an entry another value.
   *
   * @return the entry, perhaps moved
   */
  public long setValue(long header, long entry, Slice value) {
    changing(header, entry);
    int flags = flags(entry);
    freeChainedValue(entry);
    boolean chained = value.length() > MAX_INLINE_BYTES;
    int valueBytes = chained ? CHAINED_VALUE_BYTES : value.length();
    int needed = valueAt(entry) + valueBytes;
    long result = entry;
    int capacity = slabs.capacity(entry);
    if (needed > capacity || needed < capacity >>> 1) {
      result = slabs.allocate(needed);
      slabs.copy(entry, 0, result, 0, valueAt(entry));
      table.replace(tableOf(header), entry, result, hash(entry));
      slabs.free(entry);
    }
    slabs.putByte(
        result, FLAGS_AT, (byte) (flags & ~VALUE_CHAINED | (chained ? VALUE_CHAINED : 0)));
    slabs.putShort(result, VALUE_BYTES_AT, (short) valueBytes);
    writeValue(result, value);
    return result;
  }

  /** Gives the key of an entry another value of eight bytes. REQUIRES: it has one. */
  public void setLong(long header, long entry, long value) {
    changing(header, entry);
    slabs.putLong(entry, valueAt(entry), value);
  }

  /** The value of eight bytes of an entry. */
  public long valueLong(long entry) {
    return slabs.getLong(entry, valueAt(entry));
  }

  /** Removes and frees an entry. */
  public void remove(long header, long entry) {
    removing(header, entry);
    table.unlink(tableOf(header), entry, hash(entry));
    freeEntry(entry);
  }

  /** A random entry, or 0 if there is none. */
  public long random(long header, RandomGenerator random) {
    return table.random(tableOf(header), random);
  }

  /** Moves the header out of a sparse slab. */
  public long relocateHeader(long header) {
    return slabs.relocate(header);
  }

  /** Shows the entries of up to {@code buckets} steps of {@link HashTable#scan}. */
  public long scan(long header, long cursor, int buckets, EntryVisitor visitor) {
    long next = cursor;
    int left = buckets;
    do {
      next = table.scan(tableOf(header), next, visitor);
      left--;
    } while (next != 0 && left > 0);
    return next;
  }

  /** Bytes of an entry's key and value that do not lie in its block. */
  long chainedBytes(long entry) {
    long bytes = 0;
    if (isKeyChained(entry)) {
      key(entry, item);
      bytes += item.length();
    }
    value(entry, item);
    return bytes + (item.length() > MAX_INLINE_BYTES ? item.length() : 0);
  }

  /** Points {@code key} at the key of an entry. */
  public void key(long entry, StoredBytes key) {
    if (isKeyChained(entry)) {
      key.setChain(keyChain(entry));
    } else {
      key.set(entry, KEY_AT, keyBytes(entry));
    }
  }

  /** Points {@code value} at the value of an entry. */
  public void value(long entry, StoredBytes value) {
    if (isValueChained(entry)) {
      value.setChain(valueChain(entry));
    } else {
      value.set(entry, valueAt(entry), valueBytes(entry));
    }
  }

  /**
   * Adds a copy of an entry of another collection, which is not reported. REQUIRES: its key is
   * absent here.
   */
  public long addCopy(long header, long entry) {
    int bytes = valueAt(entry) + valueBytes(entry);
    long copy = slabs.allocate(bytes);
    slabs.copy(entry, 0, copy, 0, bytes);
    if (isKeyChained(entry)) {
      slabs.putLong(copy, KEY_AT, chains.copy(keyChain(entry)));
    }
    if (isValueChained(entry)) {
      slabs.putLong(copy, valueAt(copy), chains.copy(valueChain(entry)));
    }
    slabs.putByte(copy, MARK_AT, changes.current());
    table.insert(tableOf(header), copy, hash(entry));
    return copy;
  }

  /** Checks the table's invariants, entry by entry; for tests. */
  public void validate(long header) {
    table.validate(tableOf(header));
  }

  // ---------------------------------------------------------------- snapshots

  private void changing(long header, long entry) {
    if (changes.isDue(slabs.getByte(entry, MARK_AT))) {
      write(header, entry);
    }
    slabs.putByte(entry, MARK_AT, changes.current());
  }

  private void added(long header, long entry) {
    slabs.putByte(entry, MARK_AT, changes.current());
    long id = collectionId(header);
    if (changes.isReported(id)) {
      key(entry, item);
      item.copyTo(changes.beginAdded(id));
      changes.end();
    }
  }

  private void removing(long header, long entry) {
    if (changes.isDue(slabs.getByte(entry, MARK_AT))) {
      write(header, entry);
    }
    long id = collectionId(header);
    if (changes.isReported(id)) {
      key(entry, item);
      item.copyTo(changes.beginRemoved(id));
      changes.end();
    }
  }

  /** An element's item: the key's bytes, and the value's bytes as they lie in the entry. */
  private void write(long header, long entry) {
    key(entry, item);
    item.copyTo(changes.beginPut(collectionId(header)));
    value(entry, item);
    item.copyTo(changes.beginValue());
    changes.end();
  }

  /** Adds an element that {@link #write} wrote, clean and unreported. */
  public long load(long header, Slice key, Slice value) {
    long entry = newEntry(key, value);
    slabs.putByte(entry, MARK_AT, changes.clean());
    table.insert(tableOf(header), entry, hash(entry));
    return entry;
  }

  /**
   * One step of a snapshot's walk: writes what is due of at least {@code budget} elements.
   *
   * @return the next step's cursor, 0 at the end
   */
  public long walk(long header, long cursor, int budget) {
    walked = header;
    return scan(header, cursor, budget, writer);
  }

  private void writeDue(long entry) {
    if (changes.isDue(slabs.getByte(entry, MARK_AT))) {
      write(walked, entry);
      slabs.putByte(entry, MARK_AT, changes.clean());
    }
  }

  // ---------------------------------------------------------------- compaction of slabs

  /**
   * Moves blocks out of sparse slabs, one step of about {@code budget} entries.
   *
   * @param moved hears of each entry before the old one is freed
   * @return the next step's cursor, 0 at the end
   */
  public long compact(long header, long cursor, int budget, EntryMoved moved) {
    this.moved = moved;
    slabs.putLong(header, TABLE_AT, slabs.relocate(tableOf(header)));
    long next = cursor;
    int buckets = 0;
    do {
      next = table.compact(tableOf(header), next, mover);
      buckets++;
    } while (next != 0 && buckets < budget);
    this.moved = null;
    return next;
  }

  /** Hears that an entry moved; both blocks still hold its bytes. */
  @FunctionalInterface
  public interface EntryMoved {
    void moved(long entry, long now);
  }

  private long move(long entry) {
    if (isKeyChained(entry)) {
      slabs.putLong(entry, KEY_AT, chains.relocate(keyChain(entry)));
    }
    if (isValueChained(entry)) {
      slabs.putLong(entry, valueAt(entry), chains.relocate(valueChain(entry)));
    }
    if (!slabs.isSparse(entry)) {
      return entry;
    }
    int bytes = slabs.capacity(entry);
    long now = slabs.allocate(bytes);
    slabs.copy(entry, 0, now, 0, bytes);
    moved.moved(entry, now);
    slabs.free(entry);
    return now;
  }

  // ---------------------------------------------------------------- inside

  private boolean isKeyChained(long entry) {
    return (flags(entry) & KEY_CHAINED) != 0;
  }

  private long keyChain(long entry) {
    return slabs.getLong(entry, KEY_AT);
  }

  private int keyBytes(long entry) {
    return slabs.getShort(entry, KEY_BYTES_AT) & 0xFFFF;
  }

  private boolean isValueChained(long entry) {
    return (flags(entry) & VALUE_CHAINED) != 0;
  }

  private long valueChain(long entry) {
    return slabs.getLong(entry, valueAt(entry));
  }

  private int valueAt(long entry) {
    return KEY_AT + keyBytes(entry);
  }

  private int valueBytes(long entry) {
    return slabs.getShort(entry, VALUE_BYTES_AT) & 0xFFFF;
  }

  /** Unsigned comparison of the keys of two entries. */
  public int compareKeys(long entry, long other) {
    boolean chained = isKeyChained(entry);
    if (isKeyChained(other)) {
      return chained
          ? chains.compare(keyChain(entry), keyChain(other))
          : -chains.compare(keyChain(other), entry, KEY_AT, keyBytes(entry));
    }
    return chained
        ? chains.compare(keyChain(entry), other, KEY_AT, keyBytes(other))
        : slabs.compare(entry, KEY_AT, keyBytes(entry), other, KEY_AT, keyBytes(other));
  }

  /** Unsigned comparison of the key of an entry with bytes from outside. */
  public int compareKey(long entry, Slice other) {
    if (isKeyChained(entry)) {
      return chains.compare(keyChain(entry), other);
    }
    return slabs.compare(entry, KEY_AT, keyBytes(entry), other);
  }

  /**
   * Frees at most about {@code budget} entries and chunks of a collection that nobody looks at any
   * more. The ordered index is the caller's.
   *
   * @return true once everything is freed, the header included
   */
  public boolean drain(long header, int budget) {
    if (!table.drain(tableOf(header), budget, freer)) {
      return false;
    }
    slabs.free(header);
    return true;
  }

  private void freeEntry(long entry) {
    if (isKeyChained(entry)) {
      chains.free(keyChain(entry));
    }
    freeChainedValue(entry);
    slabs.free(entry);
  }

  private void freeChainedValue(long entry) {
    if (isValueChained(entry)) {
      chains.free(valueChain(entry));
    }
  }

  private long newEntry(Slice key, Slice value) {
    int length = value == null ? 0 : value.length();
    boolean chained = length > MAX_INLINE_BYTES;
    long entry = newEntry(key, chained ? CHAINED_VALUE_BYTES : length, chained);
    if (value != null) {
      writeValue(entry, value);
    }
    return entry;
  }

  private long newEntry(Slice key, int valueBytes, boolean valueChained) {
    boolean keyChained = key.length() > MAX_INLINE_BYTES;
    int keyBytes = keyChained ? CHAINED_KEY_BYTES : key.length();
    long entry = slabs.allocate(KEY_AT + keyBytes + valueBytes);
    int flags = (keyChained ? KEY_CHAINED : 0) | (valueChained ? VALUE_CHAINED : 0);
    slabs.putByte(entry, FLAGS_AT, (byte) flags);
    slabs.putShort(entry, KEY_BYTES_AT, (short) keyBytes);
    slabs.putShort(entry, VALUE_BYTES_AT, (short) valueBytes);
    if (keyChained) {
      slabs.putLong(entry, KEY_AT, chains.create(key));
      slabs.putLong(entry, KEY_AT + 8, slabs.hash(key));
    } else {
      slabs.copyIn(entry, KEY_AT, key);
    }
    return entry;
  }

  private void writeValue(long entry, Slice value) {
    if (isValueChained(entry)) {
      slabs.putLong(entry, valueAt(entry), chains.create(value));
    } else {
      slabs.copyIn(entry, valueAt(entry), value);
    }
  }

  private long hash(long entry) {
    return isKeyChained(entry)
        ? slabs.getLong(entry, KEY_AT + 8)
        : slabs.hash(entry, KEY_AT, keyBytes(entry));
  }

  private long tableOf(long header) {
    return slabs.getLong(header, TABLE_AT);
  }

  private int flags(long entry) {
    return slabs.getByte(entry, FLAGS_AT);
  }
}
