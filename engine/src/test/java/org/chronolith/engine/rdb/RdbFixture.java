package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.KeyspaceConfig;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionLimits;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.list.ListValue;
import org.chronolith.engine.types.string.Strings;

/** A keyspace that an RDB is read into. */
final class RdbFixture implements AutoCloseable, RdbListener {
  static final int MAX_STRING_BYTES = 1 << 20;

  final Keyspace keyspace = new Keyspace(KeyspaceConfig.of(16, 1L << 30, 5), SlabSource.inline());
  final Strings strings = new Strings(keyspace);
  final CollectionTypes collections = new CollectionTypes(keyspace, CollectionLimits.DEFAULTS);
  final List<String> skipped = new ArrayList<>();

  RdbFixture() {
    keyspace.begin(1, ExpiryMode.IGNORE);
  }

  RdbContents read(byte[] rdb) throws IOException {
    return read(rdb, rdb.length);
  }

  RdbContents read(byte[] rdb, long totalBytes) throws IOException {
    return new RdbReader(keyspace, strings, collections, this)
        .read(Channels.newChannel(new ByteArrayInputStream(rdb)), totalBytes, MAX_STRING_BYTES);
  }

  @Override
  public void skipped(String what) {
    skipped.add(what);
  }

  String digest() {
    return HexFormat.of().formatHex(keyspace.digest());
  }

  long find(Database db, String key) {
    return db.find(slice(key));
  }

  String string(int db, String key) {
    Database database = keyspace.database(db);
    ByteBuf out = Unpooled.buffer();
    strings.copyTo(database, find(database, key), out);
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  List<String> list(int db, String key) {
    ListValue list = collections.lists();
    list.find(keyspace.database(db), slice(key));
    StoredBytes element = new StoredBytes(keyspace.slabs());
    List<String> all = new ArrayList<>();
    for (boolean more = list.seek(0); more; more = list.next()) {
      list.element(element);
      ByteBuf out = Unpooled.buffer();
      element.copyTo(out);
      all.add(out.toString(StandardCharsets.ISO_8859_1));
    }
    return all;
  }

  static Slice slice(String text) {
    ByteBuf bytes = Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    return new Slice(bytes, 0, bytes.readableBytes());
  }

  @Override
  public void close() {
    keyspace.close();
  }
}
