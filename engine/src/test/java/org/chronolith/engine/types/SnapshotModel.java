package org.chronolith.engine.types;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ElementChanges;
import org.chronolith.engine.keyspace.TypeSupport;

/**
 * What the keyspace and the snapshot store are to a type, for one collection at a time: marks,
 * items that are written, and what would be on the disk after each snapshot.
 */
final class SnapshotModel implements ElementChanges, LongSupplier {
  private enum Begun {
    NOTHING,
    PUT,
    ADDED,
    REMOVED
  }

  private final ByteBuf key = Unpooled.buffer();
  private final ByteBuf value = Unpooled.buffer();
  private Begun begun = Begun.NOTHING;
  private byte current = 1;
  private boolean walking;
  private long id;
  private long cursor;

  /** Item keys as hexadecimal digits, so that they sort as their bytes do. */
  private final TreeMap<String, byte[]> stored = new TreeMap<>();

  private final TreeMap<String, byte[]> written = new TreeMap<>();
  private Set<String> removed = new HashSet<>();
  private Set<String> removing = new HashSet<>();

  /** A new collection: nothing of it is stored. */
  @Override
  public long getAsLong() {
    stored.clear();
    written.clear();
    removed.clear();
    removing.clear();
    walking = false;
    return ++id;
  }

  long id() {
    return id;
  }

  boolean isWalking() {
    return walking;
  }

  void beginSnapshot() {
    current = (byte) (current == 127 ? 1 : current + 1);
    walking = true;
    cursor = 0;
    written.clear();
    removing = removed;
    removed = new HashSet<>();
  }

  /** One step of the walk; true when the snapshot is complete. */
  boolean step(TypeSupport type, long root, int budget) {
    cursor = type.walk(Encoding.LARGE, root, id, cursor, budget);
    if (cursor != 0) {
      return false;
    }
    walking = false;
    removing.forEach(stored::remove);
    stored.putAll(written);
    return true;
  }

  /** A collection loaded from what is stored. */
  long load(TypeSupport type) {
    long root = type.createBig(Encoding.LARGE, id);
    for (var item : stored.entrySet()) {
      byte[] itemKey = java.util.HexFormat.of().parseHex(item.getKey());
      root = type.loadElement(Encoding.LARGE, root, slice(itemKey), slice(item.getValue()));
    }
    type.loaded(Encoding.LARGE, root);
    return root;
  }

  static Slice slice(byte[] bytes) {
    // Not at index 0, so that a forgotten offset is noticed.
    byte[] shifted = new byte[bytes.length + 3];
    System.arraycopy(bytes, 0, shifted, 3, bytes.length);
    return new Slice(Unpooled.wrappedBuffer(shifted), 3, bytes.length);
  }

  @Override
  public byte current() {
    return current;
  }

  @Override
  public byte clean() {
    return 0;
  }

  @Override
  public boolean isDue(byte mark) {
    return walking && mark != current && mark != 0;
  }

  @Override
  public boolean isReported(long collectionId) {
    return true;
  }

  @Override
  public ByteBuf beginPut(long collectionId) {
    return begin(Begun.PUT, collectionId);
  }

  @Override
  public ByteBuf beginValue() {
    check(begun == Begun.PUT);
    return value.clear();
  }

  @Override
  public ByteBuf beginAdded(long collectionId) {
    return begin(Begun.ADDED, collectionId);
  }

  @Override
  public ByteBuf beginRemoved(long collectionId) {
    return begin(Begun.REMOVED, collectionId);
  }

  private ByteBuf begin(Begun what, long collectionId) {
    check(begun == Begun.NOTHING && collectionId == id);
    begun = what;
    return key.clear();
  }

  @Override
  public void end() {
    String item = io.netty.buffer.ByteBufUtil.hexDump(key);
    switch (begun) {
      case PUT -> {
        byte[] bytes = new byte[value.readableBytes()];
        value.getBytes(0, bytes);
        check(written.put(item, bytes) == null);
      }
      case ADDED -> removed.remove(item);
      case REMOVED -> removed.add(item);
      default -> throw new AssertionError("end without a beginning");
    }
    begun = Begun.NOTHING;
  }

  private static void check(boolean holds) {
    if (!holds) {
      throw new AssertionError("broken protocol of element changes");
    }
  }
}
