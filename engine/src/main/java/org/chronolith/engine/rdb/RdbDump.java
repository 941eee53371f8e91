package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.string.Strings;

/**
 * One value as {@code DUMP} gives it and {@code RESTORE} takes it.
 *
 * <pre>
 *   [type u8][value, as an RDB has it][RDB version u16 LE][CRC-64 of all before it, LE]
 * </pre>
 *
 * Written are the plain encodings of version 9, for every Redis since 5.0; read is what {@link
 * RdbReader} reads. Thread: the owner of the keyspace.
 */
public final class RdbDump {
  /** Nothing longer can be sent to a server with default settings. */
  public static final int MAX_PAYLOAD_BYTES = RdbReader.MAX_STRING_BYTES;

  private static final int VERSION_BYTES = 2;
  private static final int FOOTER_BYTES = VERSION_BYTES + Long.BYTES;

  private final Strings strings;
  private final CollectionTypes collections;

  public RdbDump(Strings strings, CollectionTypes collections) {
    this.strings = strings;
    this.collections = collections;
  }

  /** The value is too large for a payload. */
  public static final class TooLarge extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooLarge() {
      super("a value of more than " + MAX_PAYLOAD_BYTES + " bytes", null, false, false);
    }
  }

  /**
   * Appends the payload of an entry's value to {@code out}, which is empty.
   *
   * @throws TooLarge if it would have more than {@link #MAX_PAYLOAD_BYTES}
   */
  public void write(Database db, long entry, ByteBuf out) {
    RdbValueWriter writer =
        new RdbValueWriter(
            db.keyspace(), strings, collections, RdbVersion.DEFAULT, out, () -> check(out));
    out.writeByte(writer.typeOf(db, entry).code());
    writer.write(db, entry);
    check(out);
    out.writeShortLE(RdbVersion.DEFAULT.number());
    Crc64 crc = new Crc64();
    crc.update(out, out.readerIndex(), out.readableBytes());
    out.writeLongLE(crc.value());
  }

  private static void check(ByteBuf out) {
    if (out.readableBytes() > MAX_PAYLOAD_BYTES - FOOTER_BYTES) {
      throw new TooLarge();
    }
  }

  /** Whether the footer is there, the version one that is read, and the checksum right. */
  public static boolean isIntact(Slice payload) {
    int body = payload.length() - FOOTER_BYTES;
    if (body < 0) {
      return false;
    }
    ByteBuf bytes = payload.buffer();
    int footer = payload.offset() + body;
    if (bytes.getUnsignedShortLE(footer) > RdbFormat.NEWEST_VERSION) {
      return false;
    }
    Crc64 crc = new Crc64();
    crc.update(bytes, payload.offset(), body + VERSION_BYTES);
    return crc.value() == bytes.getLongLE(footer + VERSION_BYTES);
  }

  /**
   * What is to be said of a payload whose type, or version, this server does not have; null if it
   * has them, or there is neither. Nothing else of it is looked at.
   */
  public static String missing(Slice payload) {
    int body = payload.length() - FOOTER_BYTES;
    if (body <= 0) {
      return null;
    }
    int version = payload.buffer().getUnsignedShortLE(payload.offset() + body);
    if (version > RdbFormat.NEWEST_VERSION) {
      return "the payload is of RDB version "
          + version
          + ", and this server reads none after "
          + RdbFormat.NEWEST_VERSION;
    }
    RdbType type = RdbType.of(payload.get(0) & 0xff);
    return type == null || type.codec() != null ? null : missing(type);
  }

  private static String missing(RdbType type) {
    return "the payload is a " + type.label() + ", a type that this server does not have";
  }

  /**
   * Gives the value of a payload to a key, without an expiry, in place of what is there. What
   * follows the value is ignored, as Redis does. REQUIRES: {@link #isIntact}.
   *
   * @throws EngineException CORRUPTION if it is none, RETRYABLE if it is of a type that this server
   *     does not have; nothing has changed then
   */
  public void restore(Database db, Slice key, Slice payload) {
    int body = payload.length() - FOOTER_BYTES;
    try (ReadableByteChannel bytes = new Bytes(payload, body);
        RdbInput in = new RdbInput(bytes, body, MAX_PAYLOAD_BYTES);
        RdbValues values = new RdbValues(in, strings, collections)) {
      int code = in.u8("a type");
      RdbType type = RdbType.of(code);
      if (type == null) {
        throw in.damaged("unknown type " + code);
      }
      if (type.codec() == null) {
        throw new EngineException(EngineException.Severity.RETRYABLE, missing(type));
      }
      if (!values.read(type, db, key)) {
        throw in.damaged("a " + type.label() + " without elements");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The first bytes of a slice. */
  private static final class Bytes implements ReadableByteChannel {
    private final Slice source;
    private final int length;
    private int at;

    Bytes(Slice source, int length) {
      this.source = source;
      this.length = length;
    }

    @Override
    public int read(ByteBuffer target) {
      int count = Math.min(target.remaining(), length - at);
      if (count == 0) {
        return -1;
      }
      target.put(source.buffer().nioBuffer(source.offset() + at, count));
      at += count;
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
