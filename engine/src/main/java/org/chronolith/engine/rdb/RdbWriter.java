package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.hash.HashValue;
import org.chronolith.engine.types.list.ListValue;
import org.chronolith.engine.types.set.SetValue;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.engine.types.zset.ZsetValue;

/**
 * Writes a keyspace as an RDB of version 9, with the plain encoding of each type: every Redis since
 * 5.0 reads it.
 *
 * <p>Thread: the owner of the keyspace, which must not change meanwhile.
 */
public final class RdbWriter {
  private static final int FLUSH_BYTES = 64 << 10;

  private final Keyspace keyspace;
  private final Strings strings;
  private final CollectionTypes collections;
  private final WritableByteChannel channel;
  private final ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer(2 * FLUSH_BYTES);
  private final ByteBuf key = ByteBufAllocator.DEFAULT.directBuffer();
  private final StoredBytes element;
  private final Crc64 crc = new Crc64();
  private IOException failure;
  private long written;

  public RdbWriter(
      Keyspace keyspace,
      Strings strings,
      CollectionTypes collections,
      WritableByteChannel channel) {
    this.keyspace = keyspace;
    this.strings = strings;
    this.collections = collections;
    this.channel = channel;
    this.element = new StoredBytes(keyspace.slabs());
  }

  /**
   * Writes everything.
   *
   * @param auxiliary fields at the start, such as {@code redis-ver}
   * @return bytes written
   * @throws IOException if the channel fails
   */
  public long write(Map<String, String> auxiliary) throws IOException {
    try {
      out.writeCharSequence(
          String.format("%s%04d", RdbFormat.MAGIC, RdbFormat.WRITTEN_VERSION),
          StandardCharsets.US_ASCII);
      auxiliary.forEach(
          (name, value) -> {
            out.writeByte(RdbFormat.OP_AUX);
            string(name);
            string(value);
          });
      for (int i = 0; i < keyspace.databases(); i++) {
        database(keyspace.database(i));
      }
      out.writeByte(RdbFormat.OP_EOF);
      flush(0);
      // Not part of itself.
      out.writeLongLE(crc.value());
      writeOut();
      if (failure != null) {
        throw failure;
      }
      return written;
    } finally {
      out.release();
      key.release();
    }
  }

  private void database(Database db) throws IOException {
    if (db.size() == 0) {
      return;
    }
    out.writeByte(RdbFormat.OP_SELECT_DB);
    length(db.number());
    out.writeByte(RdbFormat.OP_RESIZE_DB);
    length(db.size());
    length(db.expiring());
    long cursor = 0;
    do {
      cursor = db.scan(cursor, entry -> entry(db, entry));
      if (failure != null) {
        throw failure;
      }
    } while (cursor != 0);
  }

  private void entry(Database db, long entry) {
    long expireAtMs = db.expireAtMs(entry);
    if (expireAtMs >= 0) {
      out.writeByte(RdbFormat.OP_EXPIRE_MS);
      out.writeLongLE(expireAtMs);
    }
    switch (db.type(entry)) {
      case ValueType.STRING -> stringValue(db, entry);
      case ValueType.LIST -> list(db, entry);
      case ValueType.SET -> set(db, entry);
      case ValueType.HASH -> hash(db, entry);
      case ValueType.ZSET -> zset(db, entry);
      default -> throw new IllegalStateException("value type " + db.type(entry));
    }
    flush(FLUSH_BYTES);
  }

  private void head(RdbType type, Database db, long entry) {
    out.writeByte(type.code());
    key.clear();
    db.copyKey(entry, key);
    length(key.readableBytes());
    out.writeBytes(key);
  }

  private void stringValue(Database db, long entry) {
    head(RdbType.STRING, db, entry);
    length(strings.length(db, entry));
    strings.copyTo(db, entry, out);
  }

  private void list(Database db, long entry) {
    ListValue list = collections.lists().open(db.encoding(entry), db.root(entry));
    head(RdbType.LIST, db, entry);
    length(list.size());
    for (boolean more = list.seek(0); more; more = list.next()) {
      list.element(element);
      bytes(element);
    }
  }

  private void set(Database db, long entry) {
    SetValue set = collections.sets().open(db.encoding(entry), db.root(entry));
    head(RdbType.SET, db, entry);
    length(set.size());
    set.forEach((member, none) -> bytes(member));
  }

  private void hash(Database db, long entry) {
    HashValue hash = collections.hashes().open(db.encoding(entry), db.root(entry));
    head(RdbType.HASH, db, entry);
    length(hash.size());
    hash.forEach(
        (field, value) -> {
          bytes(field);
          bytes(value);
        });
  }

  private void zset(Database db, long entry) {
    ZsetValue zset = collections.zsets().open(db.encoding(entry), db.root(entry));
    head(RdbType.ZSET_2, db, entry);
    length(zset.size());
    zset.forEach(
        (member, score) -> {
          bytes(member);
          out.writeDoubleLE(zset.score(score));
        });
  }

  private void bytes(StoredBytes bytes) {
    length(bytes.length());
    bytes.copyTo(out);
    flush(FLUSH_BYTES);
  }

  private void string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    length(bytes.length);
    out.writeBytes(bytes);
  }

  private void length(long value) {
    if (value < 1 << 6) {
      out.writeByte((int) value);
    } else if (value < 1 << 14) {
      out.writeShort((int) value | 0x4000);
    } else if (value <= 0xffff_ffffL) {
      out.writeByte(0x80);
      out.writeInt((int) value);
    } else {
      out.writeByte(0x81);
      out.writeLong(value);
    }
  }

  /** Sends what has gathered if it is more than {@code least}; a failure is kept for the caller. */
  private void flush(int least) {
    if (out.readableBytes() <= least) {
      return;
    }
    crc.update(out, out.readerIndex(), out.readableBytes());
    try {
      writeOut();
    } catch (IOException e) {
      failure = failure == null ? e : failure;
      out.clear();
    }
  }

  private void writeOut() throws IOException {
    written += out.readableBytes();
    while (out.isReadable()) {
      int sent = channel.write(out.nioBuffer());
      out.skipBytes(sent);
    }
    out.clear();
  }
}
