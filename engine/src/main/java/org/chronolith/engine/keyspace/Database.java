package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import java.util.random.RandomGenerator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.EntryVisitor;

/**
 * One numbered database, as commands and types see it. Keys are found as <em>entries</em>: 64-bit
 * references that hold until the next call that changes a key of this database, except where a
 * method returns the entry anew.
 *
 * <p>Whoever changes a value in place calls {@link #willChange} first. The methods here that change
 * something do it themselves.
 *
 * <p>Thread: the owner of the keyspace.
 */
public final class Database {
  private final Keyspace keyspace;
  private final int number;
  private final SlabAllocator slabs;
  private final Entries entries;
  private Space space;

  Database(Keyspace keyspace, int number, Space space) {
    this.keyspace = keyspace;
    this.number = number;
    this.slabs = keyspace.slabs();
    this.entries = keyspace.entries();
    this.space = space;
  }

  /** Its number, as {@code SELECT} takes it. */
  public int number() {
    return number;
  }

  /** The keyspace that it belongs to. */
  public Keyspace keyspace() {
    return keyspace;
  }

  Space space() {
    return space;
  }

  void point(Space to) {
    space = to;
    to.database = number;
  }

  // ---------------------------------------------------------------- looking

  /** Keys, expired ones that were not yet removed included, as {@code DBSIZE} counts. */
  public long size() {
    return space.size();
  }

  /** Keys that have an expiry. */
  public long expiring() {
    return space.expiries.size();
  }

  /** Keys of a {@link ValueType}. */
  public long sizeOf(int type) {
    return space.typeCounts[type];
  }

  /**
   * The entry of the key, or 0. A key whose time has passed is treated as the {@link ExpiryMode} of
   * {@link Keyspace#begin} says.
   */
  public long find(Slice key) {
    keyspace.checkOwner();
    long entry = visible(key, space.find(key, slabs.hash(key)));
    keyspace.lookedUp(entry != 0);
    return entry;
  }

  /**
   * As {@link #find}, for a look ahead: an entry whose time has passed is found too, nothing is
   * removed, and nothing is counted.
   */
  public long peek(Slice key) {
    keyspace.checkOwner();
    return space.find(key, slabs.hash(key));
  }

  private long visible(Slice key, long entry) {
    if (entry == 0 || !keyspace.isExpired(entries.expireAtMs(entry))) {
      return entry;
    }
    if (keyspace.expiryMode() == ExpiryMode.DELETE && keyspace.mayExpire(key)) {
      space.remove(entry);
      keyspace.expired(number, key);
    }
    return 0;
  }

  /** The {@link ValueType} of the value. */
  public int type(long entry) {
    return Entries.type(entries.kind(entry));
  }

  /** The encoding of the value, 0 to 3; its meaning belongs to the type. */
  public int encoding(long entry) {
    return Entries.encoding(entries.kind(entry));
  }

  /** When the key expires, in ms since the epoch, or -1. */
  public long expireAtMs(long entry) {
    return entries.expireAtMs(entry);
  }

  /** Offset of an INLINE value in the entry's block. */
  public int valueAt(long entry) {
    entries.read(entry);
    return entries.valueAt;
  }

  /** Length of an INLINE value. */
  public int valueLength(long entry) {
    entries.read(entry);
    return entries.valueLength;
  }

  /** The root of a SMALL or BIG value. */
  public long root(long entry) {
    return slabs.getLong(entry, valueAt(entry));
  }

  /** The collection id of a BIG value. */
  public long collectionId(long entry) {
    return slabs.getLong(entry, valueAt(entry) + Entries.BIG_ID);
  }

  /** Appends the entry's key. */
  public void copyKey(long entry, ByteBuf out) {
    entries.copyKey(entry, out);
  }

  /** Bytes of the entry's own block. */
  public int entryBytes(long entry) {
    return slabs.capacity(entry);
  }

  /**
   * Bytes of the key and its value, as {@code MEMORY USAGE} counts them; of many elements about.
   */
  public long memoryBytes(long entry) {
    int kind = entries.kind(entry);
    if (keyspace.form(kind) == ValueForm.INLINE) {
      return entryBytes(entry);
    }
    return entryBytes(entry) + keyspace.type(kind).bytes(encoding(entry), root(entry));
  }

  /**
   * As {@link #memoryBytes}, but every element is looked at, until there are at least {@code upTo}
   * bytes: O(N). Changes nothing.
   */
  public long exactMemoryBytes(long entry, long upTo) {
    int kind = entries.kind(entry);
    if (keyspace.form(kind) == ValueForm.INLINE) {
      return entryBytes(entry);
    }
    int entryBytes = entryBytes(entry);
    return entryBytes
        + keyspace.type(kind).exactBytes(encoding(entry), root(entry), upTo - entryBytes);
  }

  /** Blocks of the entry's value, of a large set, hash or sorted set its elements. */
  public long blocks(long entry) {
    int kind = entries.kind(entry);
    return keyspace.form(kind) == ValueForm.INLINE
        ? 1
        : keyspace.type(kind).blocks(encoding(entry), root(entry));
  }

  /**
   * Shows the entries of one step of {@code SCAN}, expired ones included, and returns the next
   * cursor (unsigned); 0 begins and ends. The visitor must not change the keyspace.
   */
  public long scan(long cursor, EntryVisitor visitor) {
    keyspace.checkOwner();
    return keyspace.table().scan(space.index, cursor, visitor);
  }

  /** Whether the entry's time has passed and the mode does not ignore it. */
  public boolean isExpired(long entry) {
    return keyspace.isExpired(entries.expireAtMs(entry));
  }

  /** A random entry, an expired one perhaps, or 0 if there is no key. */
  public long random(RandomGenerator random) {
    keyspace.checkOwner();
    return keyspace.table().random(space.index, random);
  }

  // ---------------------------------------------------------------- changing

  /**
   * Must be called before what hangs on the entry is changed in place; see {@link TypeSupport}. The
   * entry stays valid.
   */
  public void willChange(long entry) {
    keyspace.checkOwner();
    space.willChange(entry);
  }

  /**
   * Creates the key, or gives it another value, with {@code length} undefined bytes of INLINE value
   * that the caller fills in at {@link #valueAt}.
   *
   * @param keepExpiry whether an existing expiry stays
   * @return the entry
   */
  public long put(Slice key, int type, int encoding, int length, boolean keepExpiry) {
    keyspace.checkOwner();
    int kind = Entries.kind(type, encoding);
    long hash = slabs.hash(key);
    long entry = visible(key, space.find(key, hash));
    if (entry == 0) {
      entry = hiddenOrNew(key, hash, kind, length);
      return entry;
    }
    space.willChange(entry);
    keyspace.lazyFree().discard(entry);
    return space.reshape(entry, kind, keepExpiry ? entries.expireAtMs(entry) : -1, length);
  }

  private long hiddenOrNew(Slice key, long hash, int kind, int length) {
    long hidden = space.find(key, hash);
    if (hidden != 0) {
      space.remove(hidden);
    }
    keyspace.touch(this, key);
    return space.insert(key, hash, kind, -1, length);
  }

  /** As {@link #put}, with a SMALL value. */
  public long putSmall(Slice key, int type, int encoding, long root, boolean keepExpiry) {
    long entry = put(key, type, encoding, Entries.SMALL_BYTES, keepExpiry);
    slabs.putLong(entry, entries.valueAt, root);
    return entry;
  }

  /**
   * As {@link #put}, with a BIG value whose id comes from {@link Keyspace#newCollectionId} and
   * whose elements are all {@link ElementChanges#current}.
   */
  public long putBig(
      Slice key, int type, int encoding, long root, long collectionId, boolean keepExpiry) {
    long entry = put(key, type, encoding, Entries.BIG_BYTES, keepExpiry);
    writeBig(entry, root, collectionId);
    return entry;
  }

  private void writeBig(long entry, long root, long collectionId) {
    byte current = keyspace.marks().current();
    slabs.putLong(entry, entries.valueAt, root);
    slabs.putLong(entry, entries.valueAt + Entries.BIG_ID, collectionId);
    slabs.putByte(entry, entries.valueAt + Entries.BIG_FIRST, current);
    slabs.putByte(entry, entries.valueAt + Entries.BIG_LAST, current);
  }

  /**
   * Changes the length of an INLINE value; what fits of it stays.
   *
   * @return the entry, which may have moved
   */
  public long resize(long entry, int length) {
    keyspace.checkOwner();
    space.willChange(entry);
    return space.reshape(entry, entries.kind(entry), entries.expireAtMs(entry), length);
  }

  /** Tells the root that a SMALL or BIG value has after a change. */
  public void setRoot(long entry, long root) {
    slabs.putLong(entry, valueAt(entry), root);
  }

  /**
   * The value becomes a BIG one, with another encoding. The caller has built it and frees the old
   * one, if that was SMALL, after {@link #willChange} and before this call.
   *
   * @return the entry, which may have moved
   */
  public long becomeBig(long entry, int encoding, long root, long collectionId) {
    keyspace.checkOwner();
    space.willChange(entry);
    int kind = Entries.kind(type(entry), encoding);
    long moved = space.reshape(entry, kind, entries.expireAtMs(entry), Entries.BIG_BYTES);
    writeBig(moved, root, collectionId);
    return moved;
  }

  /**
   * The value becomes a SMALL one, from INLINE or SMALL. As {@link #becomeBig}.
   *
   * @return the entry, which may have moved
   */
  public long becomeSmall(long entry, int encoding, long root) {
    keyspace.checkOwner();
    space.willChange(entry);
    int kind = Entries.kind(type(entry), encoding);
    long moved = space.reshape(entry, kind, entries.expireAtMs(entry), Entries.SMALL_BYTES);
    slabs.putLong(moved, entries.valueAt, root);
    return moved;
  }

  /**
   * Tells what has become of a SMALL or BIG value after a change. REQUIRES: {@link #willChange}
   * before the change.
   *
   * @param collectionId that of a value that has just become BIG; else ignored
   * @return the entry, which may have moved
   */
  public long changed(long entry, int encoding, long root, long collectionId) {
    if (encoding == encoding(entry)) {
      setRoot(entry, root);
      return entry;
    }
    int kind = Entries.kind(type(entry), encoding);
    return keyspace.isBig(kind)
        ? becomeBig(entry, encoding, root, collectionId)
        : becomeSmall(entry, encoding, root);
  }

  /**
   * Removes a key whose SMALL value the type has freed already. REQUIRES: {@link #willChange}
   * before the value was freed.
   */
  public void forget(long entry) {
    keyspace.checkOwner();
    space.forget(entry, entries.hash(entry));
  }

  /**
   * Sets or, with -1, removes the expiry.
   *
   * @return the entry, which may have moved
   */
  public long expireAt(long entry, long expireAtMs) {
    keyspace.checkOwner();
    space.willChange(entry);
    entries.read(entry);
    return space.reshape(entry, entries.kind(entry), expireAtMs, entries.valueLength);
  }

  /** Removes the key if it is there and has not expired; a large value is freed in slices. */
  public boolean delete(Slice key) {
    long entry = find(key);
    if (entry == 0) {
      return false;
    }
    space.remove(entry);
    return true;
  }

  /** Removes the key of an entry. */
  public void delete(long entry) {
    keyspace.checkOwner();
    space.remove(entry);
  }

  /**
   * Gives the value and expiry of an entry another key, here or in another database. What is there
   * is removed. A BIG value keeps its id; nothing of it is copied.
   */
  public void rename(long entry, Database target, Slice newKey) {
    keyspace.checkOwner();
    long hash = slabs.hash(newKey);
    long existing = target.space.find(newKey, hash);
    if (existing == entry) {
      return;
    }
    space.willChange(entry);
    if (existing != 0) {
      target.space.remove(existing);
    }
    keyspace.touch(target, newKey);
    int kind = entries.kind(entry) & 0x1F;
    long moved = target.insertAs(entry, newKey, hash, kind);
    copyValue(entry, moved);
    if (keyspace.isBig(kind)) {
      keyspace.renamed(target.space, moved);
    }
    space.forget(entry, entries.hash(entry));
  }

  /** Copies value and expiry of an entry to a key, here or in another database, replacing it. */
  public void copy(long entry, Database target, Slice newKey) {
    keyspace.checkOwner();
    long hash = slabs.hash(newKey);
    long existing = target.space.find(newKey, hash);
    if (existing == entry) {
      return;
    }
    if (existing != 0) {
      target.space.remove(existing);
    }
    keyspace.touch(target, newKey);
    int kind = entries.kind(entry) & 0x1F;
    long copied = target.insertAs(entry, newKey, hash, kind);
    copyValue(entry, copied);
    ValueForm form = keyspace.form(kind);
    if (form == ValueForm.INLINE) {
      return;
    }
    long id = form == ValueForm.BIG ? keyspace.newCollectionId() : 0;
    long root = keyspace.type(kind).copy(Entries.encoding(kind), root(entry), id);
    int at = valueAt(copied);
    if (form == ValueForm.BIG) {
      writeBig(copied, root, id);
    } else {
      slabs.putLong(copied, at, root);
    }
  }

  private long insertAs(long source, Slice key, long hash, int kind) {
    long expireAtMs = entries.expireAtMs(source);
    entries.read(source);
    return space.insert(key, hash, kind, expireAtMs, entries.valueLength);
  }

  private void copyValue(long from, long to) {
    entries.read(from);
    int fromAt = entries.valueAt;
    entries.read(to);
    slabs.copy(from, fromAt, to, entries.valueAt, entries.valueLength);
  }

  /**
   * Removes all keys at once: they are detached, and freed by {@link Keyspace#freeSlice}.
   *
   * @return how many there were
   */
  public long flush() {
    keyspace.checkOwner();
    long keys = space.size();
    if (keys > 0) {
      keyspace.detach(this);
    }
    return keys;
  }
}
