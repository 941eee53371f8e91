package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import java.util.HashMap;
import java.util.Map;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.snapshot.ItemConsumer;

/**
 * Builds a keyspace from the items of a checkpoint, in ascending order of their keys. Whatever it
 * does not understand ends the load: damage never becomes data.
 *
 * <p>Elements of a collection that no entry names are left over from a database that was flushed
 * and not yet freed when the snapshot was made: they are passed over, and the next snapshot deletes
 * them.
 *
 * <p>Thread: the owner of the keyspace.
 */
public final class KeyspaceLoader implements ItemConsumer {
  private static final int COLLECTION_ID_BYTES = 8;

  private final Keyspace keyspace;
  private final SlabAllocator slabs;
  private final Entries entries;
  private final Map<Integer, Space> spaces = new HashMap<>();

  /** Entries of BIG values by collection id, while loading only; loading moves no entry. */
  private final Map<Long, Long> bigEntries = new HashMap<>();

  private final Slice keySlice = new Slice();
  private final Slice valueSlice = new Slice();
  private long entryCollection = -1;
  private long collection = -1;
  private long collectionEntry;
  private boolean headerSeen;
  private long itemCount;
  private long orphans;

  KeyspaceLoader(Keyspace keyspace) {
    this.keyspace = keyspace;
    this.slabs = keyspace.slabs();
    this.entries = keyspace.entries();
  }

  /** Items read so far. */
  public long items() {
    return itemCount;
  }

  /** The collection whose elements the last entry has as items of their own; -1 if none. */
  long entryCollection() {
    return entryCollection;
  }

  /** Elements passed over since their collection is gone. */
  public long orphans() {
    return orphans;
  }

  @Override
  public void item(ByteBuf key, ByteBuf value) {
    itemCount++;
    try {
      byte kind = key.getByte(key.readerIndex());
      if (kind == ItemKeys.HEADER) {
        header(value);
      } else if (!headerSeen) {
        throw damaged("the first item is not the header", null);
      } else if (kind == ItemKeys.ENTRY) {
        entry(key, value);
      } else if (kind == ItemKeys.ELEMENT) {
        element(key, value);
      } else {
        throw damaged("an item of kind " + kind, null);
      }
    } catch (IndexOutOfBoundsException e) {
      throw damaged("item " + itemCount + " is too short", e);
    }
  }

  private void header(ByteBuf value) {
    int at = value.readerIndex();
    int version = value.getByte(at);
    if (version != ItemKeys.FORMAT_VERSION) {
      throw damaged("format version " + version + " is not known", null);
    }
    long nextCollectionId = value.getLong(at + 1);
    int nextSpaceId = value.getInt(at + 9);
    int count = value.getInt(at + 13);
    if (count < 1 || value.readableBytes() != 17 + 4 * count) {
      throw damaged("the header names " + count + " databases", null);
    }
    int[] ids = new int[keyspace.databases()];
    int spareId = nextSpaceId;
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i < count ? value.getInt(at + 17 + 4 * i) : spareId++;
    }
    keyspace.loadedHeader(nextCollectionId, spareId, ids);
    for (int i = 0; i < ids.length; i++) {
      spaces.put(ids[i], keyspace.database(i).space());
    }
    headerSeen = true;
  }

  private void entry(ByteBuf key, ByteBuf value) {
    entryCollection = -1;
    Space space = spaces.get(key.getInt(key.readerIndex() + 1));
    if (space == null) {
      throw damaged(
          "an entry of a database beyond the " + keyspace.databases() + " configured", null);
    }
    keySlice.set(
        key,
        key.readerIndex() + ItemKeys.ENTRY_PREFIX_BYTES,
        key.readableBytes() - ItemKeys.ENTRY_PREFIX_BYTES);
    int at = value.readerIndex();
    int kind = value.getByte(at++) & 0xFF;
    long expireAtMs = -1;
    if ((kind & Entries.EXPIRES) != 0) {
      expireAtMs = value.getLong(at);
      at += 8;
    }
    int plainKind = kind & 0x1F;
    if (kind != (plainKind | kind & Entries.EXPIRES) || keyspace.type(plainKind) == null) {
      throw damaged("an entry of kind " + kind, null);
    }
    valueSlice.set(value, at, value.writerIndex() - at);
    ValueForm form = keyspace.form(plainKind);
    int length =
        switch (form) {
          case INLINE -> valueSlice.length();
          case SMALL -> Entries.SMALL_BYTES;
          case BIG -> Entries.BIG_BYTES;
        };
    long hash = slabs.hash(keySlice);
    long entry = space.insert(keySlice, hash, plainKind, expireAtMs, length);
    int valueAt = entries.valueAt;
    slabs.putByte(entry, Entries.MARK_AT, keyspace.marks().clean());
    slabs.putByte(entry, Entries.KIND_AT, (byte) (entries.kind(entry) | Entries.STORED));
    fill(entry, valueAt, plainKind, form);
  }

  private void fill(long entry, int valueAt, int kind, ValueForm form) {
    TypeSupport type = keyspace.type(kind);
    int encoding = Entries.encoding(kind);
    switch (form) {
      case INLINE -> slabs.copyIn(entry, valueAt, valueSlice);
      case SMALL -> slabs.putLong(entry, valueAt, type.loadSmall(encoding, valueSlice));
      case BIG -> {
        if (valueSlice.length() != COLLECTION_ID_BYTES) {
          throw damaged("a collection id of " + valueSlice.length() + " bytes", null);
        }
        long id = valueSlice.buffer().getLong(valueSlice.offset());
        entryCollection = id;
        byte clean = keyspace.marks().clean();
        slabs.putLong(entry, valueAt, type.createBig(encoding, id));
        slabs.putLong(entry, valueAt + Entries.BIG_ID, id);
        slabs.putByte(entry, valueAt + Entries.BIG_FIRST, clean);
        slabs.putByte(entry, valueAt + Entries.BIG_LAST, clean);
        if (bigEntries.put(id, entry) != null) {
          throw damaged("two entries of collection " + id, null);
        }
      }
      default -> throw new IllegalStateException("form " + form);
    }
  }

  private void element(ByteBuf key, ByteBuf value) {
    long id = key.getLong(key.readerIndex() + 1);
    if (id != collection) {
      endCollection();
      collection = id;
      Long found = bigEntries.remove(id);
      collectionEntry = found == null ? 0 : found;
      if (found == null) {
        keyspace.changes().buryCollection(id);
      }
    }
    if (collectionEntry == 0) {
      orphans++;
      return;
    }
    keySlice.set(
        key,
        key.readerIndex() + ItemKeys.ELEMENT_PREFIX_BYTES,
        key.readableBytes() - ItemKeys.ELEMENT_PREFIX_BYTES);
    valueSlice.set(value, value.readerIndex(), value.readableBytes());
    int kind = entries.kind(collectionEntry);
    entries.read(collectionEntry);
    int at = entries.valueAt;
    long root = slabs.getLong(collectionEntry, at);
    root = keyspace.type(kind).loadElement(Entries.encoding(kind), root, keySlice, valueSlice);
    slabs.putLong(collectionEntry, at, root);
  }

  private void endCollection() {
    if (collectionEntry != 0) {
      loaded(collectionEntry);
      collectionEntry = 0;
    }
  }

  private void loaded(long entry) {
    int kind = entries.kind(entry);
    entries.read(entry);
    keyspace.type(kind).loaded(Entries.encoding(kind), slabs.getLong(entry, entries.valueAt));
  }

  /** After the last item. The keyspace is then clean: nothing is due for the next snapshot. */
  public void finish() {
    keyspace.checkOwner();
    endCollection();
    for (long entry : bigEntries.values()) {
      loaded(entry);
    }
    bigEntries.clear();
    if (itemCount > 0 && !headerSeen) {
      throw damaged("there is no header", null);
    }
  }

  private static EngineException damaged(String what, IndexOutOfBoundsException cause) {
    return new EngineException(
        EngineException.Severity.CORRUPTION, "unreadable snapshot: " + what, cause);
  }
}
