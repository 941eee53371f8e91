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
 * Writes an RDB with the plain encoding of each type. What is in it may come in parts, so that not
 * all of it has to be in memory at a time.
 *
 * <pre>
 * writer.begin(auxiliary);
 * writer.part(keyspace, strings, collections);    // any number of times
 * bytes = writer.end();
 * </pre>
 *
 * <p>Thread: one at a time; that of a part's keyspace, which must not change meanwhile.
 */
public final class RdbWriter implements AutoCloseable {
  private static final int FLUSH_BYTES = 64 << 10;

  private final WritableByteChannel channel;
  private final RdbVersion version;
  private final ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer(2 * FLUSH_BYTES);
  private final ByteBuf key = ByteBufAllocator.DEFAULT.directBuffer();
  private final Crc64 crc = new Crc64();
  private RdbValueWriter values;
  private IOException failure;
  private long written;

  /**
   * @param channel is not closed
   */
  public RdbWriter(WritableByteChannel channel, RdbVersion version) {
    this.channel = channel;
    this.version = version;
  }

  /**
   * Writes a whole keyspace as an RDB of the version that most servers read.
   *
   * @param auxiliary fields at the start, such as {@code redis-ver}
   * @return bytes written
   * @throws IOException if the channel fails
   */
  public static long write(
      Keyspace keyspace,
      Strings strings,
      CollectionTypes collections,
      Map<String, String> auxiliary,
      WritableByteChannel channel)
      throws IOException {
    try (RdbWriter writer = new RdbWriter(channel, RdbVersion.DEFAULT)) {
      writer.begin(auxiliary);
      writer.part(keyspace, strings, collections);
      return writer.end();
    }
  }

  /**
   * Begins.
   *
   * @param auxiliary fields at the start, such as {@code redis-ver}, which old versions have not
   */
  public void begin(Map<String, String> auxiliary) {
    out.writeCharSequence(
        String.format("%s%04d", RdbFormat.MAGIC, version.number()), StandardCharsets.US_ASCII);
    if (version.number() < RdbFormat.AUX_VERSION) {
      return;
    }
    auxiliary.forEach(
        (name, value) -> {
          out.writeByte(RdbFormat.OP_AUX);
          string(name);
          string(value);
        });
  }

  /**
   * Writes all of a keyspace, which has no key that was in an earlier part.
   *
   * @throws IOException if the channel fails
   */
  public void part(Keyspace keyspace, Strings strings, CollectionTypes collections)
      throws IOException {
    values =
        new RdbValueWriter(keyspace, strings, collections, version, out, () -> flush(FLUSH_BYTES));
    for (int i = 0; i < keyspace.databases(); i++) {
      database(keyspace.database(i));
    }
  }

  /**
   * Writes the end.
   *
   * @return bytes written in all
   * @throws IOException if the channel fails
   */
  public long end() throws IOException {
    out.writeByte(RdbFormat.OP_EOF);
    flush(0);
    // Not part of itself.
    out.writeLongLE(crc.value());
    writeOut();
    if (failure != null) {
      throw failure;
    }
    return written;
  }

  @Override
  public void close() {
    out.release();
    key.release();
  }

  private void database(Database db) throws IOException {
    if (db.size() == 0) {
      return;
    }
    out.writeByte(RdbFormat.OP_SELECT_DB);
    RdbValueWriter.length(out, db.number());
    if (version.number() >= RdbFormat.AUX_VERSION) {
      out.writeByte(RdbFormat.OP_RESIZE_DB);
      RdbValueWriter.length(out, db.size());
      RdbValueWriter.length(out, db.expiring());
    }
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
    out.writeByte(values.typeOf(db, entry).code());
    key.clear();
    db.copyKey(entry, key);
    RdbValueWriter.length(out, key.readableBytes());
    out.writeBytes(key);
    values.write(db, entry);
    flush(FLUSH_BYTES);
  }

  private void string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    RdbValueWriter.length(out, bytes.length);
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
