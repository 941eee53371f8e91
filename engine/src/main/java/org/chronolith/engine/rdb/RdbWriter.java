package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.string.Strings;

/**
 * Writes a keyspace as an RDB of version 9, with the plain encoding of each type: every Redis since
 * 5.0 reads it.
 *
 * <p>Thread: the owner of the keyspace, which must not change meanwhile.
 */
public final class RdbWriter {
  private static final int FLUSH_BYTES = 64 << 10;

  private final Keyspace keyspace;
  private final WritableByteChannel channel;
  private final ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer(2 * FLUSH_BYTES);
  private final ByteBuf key = ByteBufAllocator.DEFAULT.directBuffer();
  private final RdbValueWriter values;
  private final Crc64 crc = new Crc64();
  private IOException failure;
  private long written;

  public RdbWriter(
      Keyspace keyspace,
      Strings strings,
      CollectionTypes collections,
      WritableByteChannel channel) {
    this.keyspace = keyspace;
    this.channel = channel;
    this.values = new RdbValueWriter(keyspace, strings, collections, out, () -> flush(FLUSH_BYTES));
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
    values.length(db.number());
    out.writeByte(RdbFormat.OP_RESIZE_DB);
    values.length(db.size());
    values.length(db.expiring());
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
    out.writeByte(RdbValueWriter.typeOf(db, entry).code());
    key.clear();
    db.copyKey(entry, key);
    values.length(key.readableBytes());
    out.writeBytes(key);
    values.write(db, entry);
    flush(FLUSH_BYTES);
  }

  private void string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    values.length(bytes.length);
    out.writeBytes(bytes);
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
