package org.chronolith.engine.types.string;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * Operations on string values, for commands. Entries are those of {@link Database}; the caller has
 * checked that the type is a string, and that lengths stay within {@code proto-max-bulk-len}.
 *
 * <p>Thread: the owner of the keyspace.
 */
public final class Strings {
  /** Up to this length a string lies in its entry. */
  public static final int MAX_INLINE_BYTES = 8 << 10;

  private final Keyspace keyspace;
  private final SlabAllocator slabs;
  private final ChunkedString chunked;
  private long newRoot;
  private long newId;

  /** Joins the string type to the keyspace. */
  public Strings(Keyspace keyspace) {
    this.keyspace = keyspace;
    this.slabs = keyspace.slabs();
    this.chunked = new ChunkedString(slabs, keyspace.elementChanges());
    keyspace.register(ValueType.STRING, chunked);
  }

  /** Length in bytes. */
  public int length(Database db, long entry) {
    return isInline(db, entry) ? db.valueLength(entry) : chunked.length(db.root(entry));
  }

  /** Appends {@code [from, from + length)} of the value; the range lies within it. */
  public void copyRange(Database db, long entry, int from, int length, ByteBuf out) {
    if (isInline(db, entry)) {
      slabs.copyOut(entry, db.valueAt(entry) + from, length, out);
    } else {
      chunked.copyTo(db.root(entry), from, length, out);
    }
  }

  /** The byte at an index within the value. */
  public byte byteAt(Database db, long entry, int index) {
    return isInline(db, entry)
        ? slabs.getByte(entry, db.valueAt(entry) + index)
        : chunked.byteAt(db.root(entry), index);
  }

  /** Appends the value. */
  public void copyTo(Database db, long entry, ByteBuf out) {
    copyRange(db, entry, 0, length(db, entry), out);
  }

  /**
   * Creates the key or replaces whatever it has.
   *
   * @param keepExpiry whether an existing expiry stays
   * @return the entry
   */
  public long set(Database db, Slice key, Slice value, boolean keepExpiry) {
    if (value.length() <= MAX_INLINE_BYTES) {
      long entry = db.put(key, ValueType.STRING, ChunkedString.INLINE, value.length(), keepExpiry);
      slabs.copyIn(entry, db.valueAt(entry), value);
      return entry;
    }
    long id = keyspace.newCollectionId();
    long root = chunked.createBig(ChunkedString.CHUNKED, id);
    chunked.write(root, 0, value);
    return db.putBig(key, ValueType.STRING, ChunkedString.CHUNKED, root, id, keepExpiry);
  }

  /**
   * Begins a value that is written piece by piece before a key has it: {@link #add}, and in the end
   * {@link #give}. One at a time.
   */
  public void begin() {
    newId = keyspace.newCollectionId();
    newRoot = chunked.createBig(ChunkedString.CHUNKED, newId);
  }

  /** Adds bytes to the value that was begun. */
  public void add(Slice bytes) {
    chunked.write(newRoot, chunked.length(newRoot), bytes);
  }

  /**
   * Gives the value that was begun to a key, which it creates, or whose value and expiry it
   * replaces. REQUIRES: more than {@link #MAX_INLINE_BYTES} were added.
   */
  public void give(Database db, Slice key) {
    db.putBig(key, ValueType.STRING, ChunkedString.CHUNKED, newRoot, newId, false);
    newRoot = 0;
  }

  /**
   * Writes the bytes at an offset; a gap between the end and the offset becomes zeros.
   *
   * @return the entry, which may have moved
   */
  public long setRange(Database db, long entry, int offset, Slice bytes) {
    int oldLength = length(db, entry);
    int end = Math.max(oldLength, offset + bytes.length());
    if (!isInline(db, entry)) {
      db.willChange(entry);
      chunked.write(db.root(entry), offset, bytes);
      return entry;
    }
    if (end > MAX_INLINE_BYTES) {
      long moved = toChunked(db, entry, oldLength);
      chunked.write(db.root(moved), offset, bytes);
      return moved;
    }
    long moved = db.resize(entry, end);
    int at = db.valueAt(moved);
    if (offset > oldLength) {
      slabs.zero(moved, at + oldLength, offset - oldLength);
    }
    slabs.copyIn(moved, at + offset, bytes);
    return moved;
  }

  /**
   * Adds the bytes at the end.
   *
   * @return the entry, which may have moved
   */
  public long append(Database db, long entry, Slice bytes) {
    return setRange(db, entry, length(db, entry), bytes);
  }

  private long toChunked(Database db, long entry, int length) {
    db.willChange(entry);
    long id = keyspace.newCollectionId();
    long root = chunked.createBig(ChunkedString.CHUNKED, id);
    chunked.writeFrom(root, entry, db.valueAt(entry), length);
    return db.becomeBig(entry, ChunkedString.CHUNKED, root, id);
  }

  private static boolean isInline(Database db, long entry) {
    return db.encoding(entry) == ChunkedString.INLINE;
  }
}
