package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.types.CollectionLimits;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.string.Strings;

/** A keyspace of strings with a vocabulary for tests. */
final class KeyspaceFixture implements AutoCloseable {
  final Keyspace keyspace;
  final Strings strings;
  final CollectionTypes collections;

  KeyspaceFixture(int databases) {
    this(new KeyspaceConfig(databases, 2L << 30, 16 << 10, 4 << 20, 99, System::nanoTime));
  }

  KeyspaceFixture(KeyspaceConfig config) {
    keyspace = new Keyspace(config, SlabSource.inline());
    strings = new Strings(keyspace);
    collections = new CollectionTypes(keyspace, new CollectionLimits(10, 30, 10, 30, 10, 30, 200));
    keyspace.begin(1_000_000, ExpiryMode.DELETE);
  }

  static Slice slice(byte[] bytes) {
    return new Slice(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
  }

  static Slice slice(String text) {
    return slice(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  Database db(int number) {
    return keyspace.database(number);
  }

  void set(int db, String key, String value) {
    strings.set(db(db), slice(key), slice(value), false);
  }

  String get(int db, String key) {
    long entry = db(db).find(slice(key));
    return entry == 0 ? null : value(db, entry);
  }

  String value(int db, long entry) {
    if (db(db).type(entry) != ValueType.STRING) {
      return ValueType.name(db(db).type(entry));
    }
    ByteBuf out = Unpooled.buffer();
    strings.copyTo(db(db), entry, out);
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  String key(int db, long entry) {
    ByteBuf out = Unpooled.buffer();
    db(db).copyKey(entry, out);
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  /** All keys with value and expiry, by database. */
  Map<String, String> contents() {
    Map<String, String> contents = new TreeMap<>();
    for (int i = 0; i < keyspace.databases(); i++) {
      int number = i;
      long cursor = 0;
      do {
        cursor =
            db(i)
                .scan(
                    cursor,
                    entry ->
                        contents.put(
                            number + "/" + key(number, entry),
                            db(number).expireAtMs(entry) + "/" + value(number, entry)));
      } while (cursor != 0);
    }
    return contents;
  }

  /** Frees all that is detached. */
  void freeAll() {
    int steps = 0;
    while (keyspace.freeSome(100)) {
      if (++steps > 1_000_000) {
        throw new AssertionError("freeing does not end");
      }
    }
  }

  void settle() {
    int steps = 0;
    while (keyspace.settleSome(10)) {
      if (++steps > 1_000_000) {
        throw new AssertionError("settling does not end");
      }
    }
  }

  @Override
  public void close() {
    keyspace.close();
  }
}
