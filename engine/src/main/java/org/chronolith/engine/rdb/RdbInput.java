package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import org.chronolith.engine.EngineException;

/**
 * The bytes of an RDB, one after the other, with their checksum and their offset for errors. What a
 * length announces is taken from memory only as it arrives, and only within the bounds.
 */
final class RdbInput implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 << 10;
  private static final int LEAST_GROWTH_BYTES = 64 << 10;

  /** Beyond what a server names, and little on the heap: of a script the first lines are shown. */
  static final int LONGEST_TEXT_BYTES = 4 << 10;

  private final ReadableByteChannel channel;
  private final long totalBytes;
  private final int maxStringBytes;
  private final ByteBuf buffer = ByteBufAllocator.DEFAULT.directBuffer(BUFFER_BYTES, BUFFER_BYTES);
  private final ByteBuf packed = ByteBufAllocator.DEFAULT.directBuffer();
  private final Crc64 crc = new Crc64();

  /** Offset of the buffer's first byte. */
  private long bufferOffset;

  /** Index in the buffer up to which the checksum goes. */
  private int summed;

  /**
   * @param totalBytes of the whole RDB, or -1 if that is not known
   * @param maxStringBytes longest string, packed value or key that is taken
   */
  RdbInput(ReadableByteChannel channel, long totalBytes, int maxStringBytes) {
    this.channel = channel;
    this.totalBytes = totalBytes;
    this.maxStringBytes = maxStringBytes;
  }

  /** Bytes read so far. */
  long offset() {
    return bufferOffset + buffer.readerIndex();
  }

  /** The error that the bytes before here are no RDB. */
  EngineException damaged(String what) {
    return damagedAt(offset(), what, null);
  }

  EngineException damagedAt(long offset, String what, Throwable cause) {
    return new EngineException(
        EngineException.Severity.CORRUPTION,
        "the RDB is damaged at byte " + offset + ": " + what,
        cause);
  }

  /** Checksum of everything read so far. */
  long crc() {
    crc.update(buffer, summed, buffer.readerIndex() - summed);
    summed = buffer.readerIndex();
    return crc.value();
  }

  private void fill(String what) throws IOException {
    if (!fill()) {
      throw damagedAt(offset(), "it ends inside " + what, null);
    }
  }

  /** Reads more; false at the end. REQUIRES: everything before was read. */
  private boolean fill() throws IOException {
    crc();
    bufferOffset += buffer.readerIndex();
    buffer.clear();
    summed = 0;
    int read;
    do {
      read = channel.read(buffer.internalNioBuffer(0, BUFFER_BYTES));
    } while (read == 0);
    buffer.writerIndex(Math.max(0, read));
    return read > 0;
  }

  /** Whether there are no more bytes. */
  boolean atEnd() throws IOException {
    return !buffer.isReadable() && !fill();
  }

  int u8(String what) throws IOException {
    if (!buffer.isReadable()) {
      fill(what);
    }
    return buffer.readUnsignedByte();
  }

  /** A little-endian number of so many bytes. */
  long littleEndian(int bytes, String what) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (long) u8(what) << 8 * i;
    }
    return value;
  }

  private long bigEndian(int bytes, String what) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value = value << 8 | u8(what);
    }
    return value;
  }

  /** A length, which is no encoded string's. */
  long length(String what) throws IOException {
    int first = u8(what);
    if (first >>> 6 == RdbFormat.ENCODED) {
      throw damaged("an encoded string instead of " + what);
    }
    return length(first, what);
  }

  private long length(int first, String what) throws IOException {
    switch (first >>> 6) {
      case RdbFormat.LENGTH_6:
        return first & 0x3f;
      case RdbFormat.LENGTH_14:
        return (first & 0x3fL) << 8 | u8(what);
      default:
        if (first == RdbFormat.WIDE_32) {
          return bigEndian(Integer.BYTES, what);
        }
        if (first != RdbFormat.WIDE_64) {
          throw damaged("the byte " + first + " begins no length (" + what + ")");
        }
        long length = bigEndian(Long.BYTES, what);
        if (length < 0) {
          throw damaged(what + " is " + Long.toUnsignedString(length));
        }
        return length;
    }
  }

  /** An unsigned 64-bit number written as a length, such as a module's id. */
  long number64(String what) throws IOException {
    int first = u8(what);
    return first == RdbFormat.WIDE_64 ? bigEndian(Long.BYTES, what) : length(first, what);
  }

  /** Appends a string to {@code out}. */
  void string(ByteBuf out, String what) throws IOException {
    int first = u8(what);
    if (first >>> 6 != RdbFormat.ENCODED) {
      take(bounded(length(first, what), what), out, what);
      return;
    }
    switch (first & 0x3f) {
      case RdbFormat.ENCODED_INT8 -> text((byte) u8(what), out);
      case RdbFormat.ENCODED_INT16 -> text((short) littleEndian(Short.BYTES, what), out);
      case RdbFormat.ENCODED_INT32 -> text((int) littleEndian(Integer.BYTES, what), out);
      case RdbFormat.ENCODED_LZF -> compressed(out, what);
      default -> throw damaged("the byte " + first + " begins no string (" + what + ")");
    }
  }

  /** Small text, such as the name of an auxiliary field; what goes beyond the longest is cut. */
  String text(ByteBuf scratch, String what) throws IOException {
    string(scratch.clear(), what);
    int shown = Math.min(scratch.readableBytes(), LONGEST_TEXT_BYTES);
    return scratch.toString(0, shown, StandardCharsets.UTF_8);
  }

  private static void text(long number, ByteBuf out) {
    ByteBufUtil.writeAscii(out, Long.toString(number));
  }

  private void compressed(ByteBuf out, String what) throws IOException {
    int from = bounded(length(what), what);
    long stated = length(what);
    if (stated > maxStringBytes || stated > (long) from * Lzf.MAX_RATIO) {
      throw damaged(from + " compressed bytes cannot be " + stated + " (" + what + ")");
    }
    int to = (int) stated;
    take(from, packed.clear(), what);
    grow(out, to);
    if (!Lzf.decompress(packed, out, to)) {
      throw damaged("the compressed bytes of " + what + " do not unfold to " + to + " bytes");
    }
    shrink(packed);
  }

  private int bounded(long length, String what) {
    if (length > maxStringBytes) {
      throw damaged(what + " of " + length + " bytes; the longest allowed has " + maxStringBytes);
    }
    if (totalBytes >= 0 && length > totalBytes - offset()) {
      throw damaged(
          what + " of " + length + " bytes, but only " + (totalBytes - offset()) + " are left");
    }
    return (int) length;
  }

  /** Appends so many bytes to {@code out}. */
  void take(int length, ByteBuf out, String what) throws IOException {
    int left = length;
    while (left > 0) {
      if (!buffer.isReadable()) {
        fill(what);
      }
      int now = Math.min(left, buffer.readableBytes());
      if (out.writableBytes() < now) {
        // In proportion to what has arrived, not to what is announced.
        grow(out, Math.min(left, Math.max(LEAST_GROWTH_BYTES, out.readableBytes())));
      }
      out.writeBytes(buffer, now);
      left -= now;
    }
  }

  private static void grow(ByteBuf out, int more) {
    if (out.writableBytes() < more) {
      out.capacity(out.writerIndex() + more);
    }
  }

  /** Gives back what an unusually long value took. */
  static void shrink(ByteBuf scratch) {
    if (scratch.capacity() > BUFFER_BYTES * 16) {
      scratch.clear().capacity(BUFFER_BYTES);
    }
  }

  @Override
  public void close() {
    buffer.release();
    packed.release();
  }
}
