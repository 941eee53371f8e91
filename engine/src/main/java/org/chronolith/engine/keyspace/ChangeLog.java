package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.snapshot.BatchSink;

/**
 * Writes items into the batch of the running snapshot, and remembers what was removed for the next
 * one. What an aborted snapshot had written but not handed over stays in the batch: its marks are
 * clean already, so the next snapshot hands it over first.
 *
 * <p>Thread: the owner of the keyspace.
 */
final class ChangeLog implements ElementChanges {
  private enum Pending {
    NONE,
    PUT_KEY,
    PUT_VALUE,
    ADDED,
    REMOVED
  }

  private static final UnpooledByteBufAllocator BATCHES = UnpooledByteBufAllocator.DEFAULT;

  private final Keyspace keyspace;
  private final SlabAllocator slabs;
  private final Marks marks;
  private final Tombstones tombstones;
  private final ByteBuf itemKey = Unpooled.directBuffer(256);

  /** Takes what a settling walk would write; nobody reads it. */
  private final ByteBuf discarded = Unpooled.directBuffer(256);

  private ByteBuf batch;
  private ByteBuf target;
  private Pending pending = Pending.NONE;
  private int lengthAt;

  /** Collections from this id on were made after the latest snapshot's mark. */
  private long firstUnstoredCollection;

  ChangeLog(Keyspace keyspace, Marks marks, Tombstones tombstones) {
    this.keyspace = keyspace;
    this.slabs = keyspace.slabs();
    this.marks = marks;
    this.tombstones = tombstones;
  }

  // ---------------------------------------------------------------- the batch

  int batchBytes() {
    return batch == null ? 0 : batch.readableBytes();
  }

  /** Hands the batch over; false if the sink is full. */
  boolean offerTo(BatchSink sink) {
    if (batch == null || !batch.isReadable()) {
      return true;
    }
    if (!sink.offer(batch)) {
      return false;
    }
    batch = null;
    return true;
  }

  void dropBatch() {
    if (batch != null) {
      batch.release();
      batch = null;
    }
  }

  void storedFrom(long nextCollectionId) {
    firstUnstoredCollection = nextCollectionId;
  }

  private ByteBuf batch() {
    if (batch == null) {
      batch = BATCHES.directBuffer(keyspace.config().snapshotBatchBytes() + (64 << 10));
    }
    return batch;
  }

  /** The item that describes the keyspace as it is now. */
  void putHeader(Database[] databases, long nextCollectionId, int nextSpaceId) {
    ByteBuf out = batch();
    out.writeByte(BatchSink.PUT).writeInt(1).writeByte(ItemKeys.HEADER);
    out.writeInt(1 + 8 + 4 + 4 + databases.length * 4);
    out.writeByte(ItemKeys.FORMAT_VERSION).writeLong(nextCollectionId).writeInt(nextSpaceId);
    out.writeInt(databases.length);
    for (Database database : databases) {
      out.writeInt(database.space().id);
    }
  }

  /** Everything that may be stored goes. */
  void deleteAll() {
    ByteBuf out = batch();
    out.writeByte(BatchSink.DELETE_RANGE).writeInt(1).writeByte(ItemKeys.HEADER);
    out.writeInt(1).writeByte(ItemKeys.END);
  }

  /** Writes an entry as it is, and notes that it is stored. The caller sets its mark. */
  void putEntry(Space space, long entry) {
    if (marks.settling()) {
      return;
    }
    Entries entries = keyspace.entries();
    int kind = entries.kind(entry);
    slabs.putByte(entry, Entries.KIND_AT, (byte) (kind | Entries.STORED));
    ByteBuf out = batch();
    out.writeByte(BatchSink.PUT).writeInt(ItemKeys.ENTRY_PREFIX_BYTES + entries.keyLength(entry));
    out.writeByte(ItemKeys.ENTRY).writeInt(space.id);
    entries.copyKey(entry, out);
    int valueLengthAt = out.writerIndex();
    out.writeInt(0).writeByte(kind & (0x1F | Entries.EXPIRES));
    if ((kind & Entries.EXPIRES) != 0) {
      out.writeLong(slabs.getLong(entry, Entries.EXPIRE_AT));
    }
    switch (keyspace.form(kind)) {
      case INLINE -> slabs.copyOut(entry, entries.valueAt, entries.valueLength, out);
      case SMALL ->
          keyspace
              .type(kind)
              .writeSmall(Entries.encoding(kind), slabs.getLong(entry, entries.valueAt), out);
      case BIG -> out.writeLong(slabs.getLong(entry, entries.valueAt + Entries.BIG_ID));
    }
    out.setInt(valueLengthAt, out.writerIndex() - valueLengthAt - 4);
    keyspace.batchGrew();
  }

  void putTombstone(long tombstone) {
    if (marks.settling()) {
      return;
    }
    ByteBuf out = batch();
    int length = tombstones.keyLength(tombstone);
    boolean range = tombstones.isRange(tombstone);
    out.writeByte(range ? BatchSink.DELETE_RANGE : BatchSink.DELETE).writeInt(length);
    tombstones.copyKey(tombstone, out);
    if (range) {
      writeEnd(out, length);
    }
    keyspace.batchGrew();
  }

  /** The first key behind all that begin with the {@code length} bytes just written. */
  private static void writeEnd(ByteBuf out, int length) {
    int from = out.writerIndex() - length;
    int last = length;
    while (out.getByte(from + last - 1) == (byte) 0xFF) {
      // Never all of them: the first byte is the kind of the item.
      last--;
    }
    out.writeInt(last);
    out.writeBytes(out, from, last);
    out.setByte(out.writerIndex() - 1, out.getByte(out.writerIndex() - 1) + 1);
  }

  // ---------------------------------------------------------------- removed and added

  /** Notes that a stored key goes. */
  void buryEntry(Space space, long entry) {
    entryKey(space);
    keyspace.entries().copyKey(entry, itemKey);
    tombstones.add(itemKey, false, marks.current());
  }

  /** Notes that a key comes; true if a snapshot may hold an earlier one. */
  boolean revive(Space space, Slice key) {
    if (tombstones.count() == 0) {
      return false;
    }
    entryKey(space);
    itemKey.writeBytes(key.buffer(), key.offset(), key.length());
    return revive();
  }

  private void entryKey(Space space) {
    itemKey.clear().writeByte(ItemKeys.ENTRY).writeInt(space.id);
  }

  private boolean revive() {
    long tombstone = tombstones.take(itemKey);
    if (tombstone == 0) {
      return false;
    }
    if (marks.isDue(tombstones.mark(tombstone))) {
      // The running snapshot's state does not have the item; what comes now is for the next one.
      putTombstone(tombstone);
    }
    tombstones.freeOne(tombstone);
    return true;
  }

  void buryCollection(long collectionId) {
    if (isReported(collectionId)) {
      elementKey(collectionId);
      tombstones.add(itemKey, true, marks.current());
    }
  }

  void burySpace(Space space) {
    entryKey(space);
    tombstones.add(itemKey, true, marks.current());
  }

  private void elementKey(long collectionId) {
    itemKey.clear().writeByte(ItemKeys.ELEMENT).writeLong(collectionId);
  }

  // ---------------------------------------------------------------- for the types

  @Override
  public byte current() {
    return marks.current();
  }

  @Override
  public byte clean() {
    return marks.written();
  }

  @Override
  public boolean isDue(byte mark) {
    return marks.isDue(mark);
  }

  @Override
  public boolean isReported(long collectionId) {
    return collectionId < firstUnstoredCollection;
  }

  @Override
  public ByteBuf beginPut(long collectionId) {
    begin(Pending.PUT_KEY);
    target = marks.settling() ? discarded.clear() : batch();
    target.writeByte(BatchSink.PUT);
    lengthAt = target.writerIndex();
    return target.writeInt(0).writeByte(ItemKeys.ELEMENT).writeLong(collectionId);
  }

  @Override
  public ByteBuf beginValue() {
    if (pending != Pending.PUT_KEY) {
      throw new IllegalStateException("beginValue after " + pending);
    }
    pending = Pending.PUT_VALUE;
    endLength();
    lengthAt = target.writerIndex();
    return target.writeInt(0);
  }

  @Override
  public ByteBuf beginAdded(long collectionId) {
    begin(Pending.ADDED);
    elementKey(collectionId);
    return itemKey;
  }

  @Override
  public ByteBuf beginRemoved(long collectionId) {
    begin(Pending.REMOVED);
    elementKey(collectionId);
    return itemKey;
  }

  @Override
  public void end() {
    Pending ended = pending;
    pending = Pending.NONE;
    switch (ended) {
      case PUT_VALUE -> {
        endLength();
        keyspace.batchGrew();
      }
      case ADDED -> revive();
      case REMOVED -> {
        if (isReported(itemKey.getLong(1))) {
          tombstones.add(itemKey, false, marks.current());
        }
      }
      default -> throw new IllegalStateException("end after " + ended);
    }
  }

  private void begin(Pending next) {
    if (pending != Pending.NONE) {
      throw new IllegalStateException(next + " within " + pending);
    }
    pending = next;
  }

  private void endLength() {
    target.setInt(lengthAt, target.writerIndex() - lengthAt - 4);
  }

  void close() {
    dropBatch();
    itemKey.release();
    discarded.release();
  }
}
