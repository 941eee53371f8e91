package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The 36 bytes in front of each record's payload, big-endian. Layout: docs/formats/log.md. Mutable
 * and reused, so that an append or a read allocates nothing.
 */
final class RecordHeader {
  /** The fields, in their order and without a gap. */
  enum Field {
    MAGIC(0, Short.BYTES),
    VERSION(2, Byte.BYTES),
    FLAGS(3, Byte.BYTES),
    START_OFFSET(4, Long.BYTES),
    WALL_CLOCK_MS(12, Long.BYTES),
    DB(20, Integer.BYTES),
    PART(24, Integer.BYTES),
    PAYLOAD_LENGTH(28, Integer.BYTES),
    CRC(32, Integer.BYTES);

    final int at;
    final int bytes;

    Field(int at, int bytes) {
      this.at = at;
      this.bytes = bytes;
    }
  }

  static final int BYTES = 36;
  static final short MAGIC = 0x434c;
  static final byte VERSION = 1;

  static final int COMMIT = 1;
  static final int PART = 2;
  static final int IDENTITY = 4;
  static final int CLEAN = 8;
  private static final int KNOWN_FLAGS = COMMIT | PART | IDENTITY | CLEAN;

  // Copied, since to the compiler these are constants and an enum's fields are not.
  private static final int VERSION_AT = Field.VERSION.at;
  private static final int FLAGS_AT = Field.FLAGS.at;
  private static final int START_OFFSET_AT = Field.START_OFFSET.at;
  private static final int WALL_CLOCK_AT = Field.WALL_CLOCK_MS.at;
  private static final int DB_AT = Field.DB.at;
  private static final int PART_AT = Field.PART.at;
  private static final int PAYLOAD_LENGTH_AT = Field.PAYLOAD_LENGTH.at;
  private static final int CRC_AT = Field.CRC.at;

  int flags;
  long startOffset;
  long wallClockMs;
  int db;
  int part;
  int payloadLength;
  int crc;

  /** What an identity record carries besides its header. */
  record Identity(long durableOffset, History history) {}

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Bytes of the stream in this record. */
  int streamBytes() {
    return (flags & (IDENTITY | CLEAN)) != 0 ? 0 : payloadLength;
  }

  long endOffset() {
    return startOffset + streamBytes();
  }

  /** Writes all but the checksum at index 0 of {@code out}. */
  void write(ByteBuffer out) {
    out.clear();
    out.putShort(MAGIC).put(VERSION).put((byte) flags);
    out.putLong(startOffset).putLong(wallClockMs);
    out.putInt(db).putInt(part).putInt(payloadLength);
  }

  /** Seals a header that {@link #write} began: {@code crc} covers it and the payload. */
  static void seal(ByteBuffer out, int crc) {
    out.putInt(CRC_AT, crc);
    out.clear();
  }

  /** Begins a checksum with the header in {@code out}; the payload must follow. */
  static void begin(CRC32C checksum, ByteBuffer out) {
    checksum.reset();
    out.position(0).limit(CRC_AT);
    checksum.update(out);
    out.clear();
  }

  /** Whether header and payload of the record at {@code index}, as it was read, are intact. */
  boolean isSound(CRC32C checksum, ByteBuf in, int index) {
    checksum.reset();
    checksum.update(in.internalNioBuffer(index, CRC_AT));
    checksum.update(in.internalNioBuffer(index + BYTES, payloadLength));
    return (int) checksum.getValue() == crc;
  }

  /**
   * Reads a header at {@code index}.
   *
   * @return null, or what is wrong with it
   */
  String read(ByteBuf in, int index, int documentLength) {
    if (documentLength < BYTES) {
      return "a record of " + documentLength + " bytes is shorter than its header";
    }
    short magic = in.getShort(index);
    if (magic != MAGIC) {
      return String.format("not a record: it begins with 0x%04x", magic & 0xffff);
    }
    byte version = in.getByte(index + VERSION_AT);
    if (version != VERSION) {
      return "unknown record version " + version;
    }
    flags = in.getByte(index + FLAGS_AT) & 0xff;
    startOffset = in.getLong(index + START_OFFSET_AT);
    wallClockMs = in.getLong(index + WALL_CLOCK_AT);
    db = in.getInt(index + DB_AT);
    part = in.getInt(index + PART_AT);
    payloadLength = in.getInt(index + PAYLOAD_LENGTH_AT);
    crc = in.getInt(index + CRC_AT);
    if ((flags & ~KNOWN_FLAGS) != 0) {
      return String.format("unknown flags 0x%02x", flags);
    }
    if (startOffset < 0 || db < 0 || part < 0) {
      return "negative offset, database or part number";
    }
    if (payloadLength != documentLength - BYTES) {
      return "payload of " + payloadLength + " bytes in a record of " + documentLength;
    }
    return null;
  }

  static byte[] encodeIdentity(Identity identity) {
    byte[] history = identity.history().encode();
    return ByteBuffer.allocate(8 + history.length)
        .putLong(identity.durableOffset())
        .put(history)
        .array();
  }

  /** Decodes the payload of an identity record. */
  static Identity identityOf(ByteBuffer payload) {
    if (payload.remaining() < 8) {
      throw new LogException(LogException.Kind.DAMAGED, "an identity record is too short");
    }
    return new Identity(payload.getLong(), History.decode(payload));
  }
}
