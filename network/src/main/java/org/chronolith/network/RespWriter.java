package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;

/**
 * Writes replies in RESP2 or RESP3 into an output buffer, without allocating for numbers, lengths
 * or constants. A type that only RESP3 has is written in RESP2 as redis-server 7.0 does.
 *
 * <p>Nothing leaves before the end of the turn; until then {@link #rewind} takes replies back.
 *
 * <p>Not thread-safe; a connection's writer belongs to its loop's thread.
 */
public final class RespWriter {
  private static final byte[] OK = ascii("+OK\r\n");
  private static final byte[] NULL3 = ascii("_\r\n");
  private static final byte[] NULL_BULK2 = ascii("$-1\r\n");
  private static final byte[] NULL_ARRAY2 = ascii("*-1\r\n");
  private static final byte[] TRUE3 = ascii("#t\r\n");
  private static final byte[] FALSE3 = ascii("#f\r\n");

  /** Type byte, sign, 19 digits, CR, LF, with some to spare. */
  private static final int LONGEST_HEADER = 32;

  private static final int CRLF = '\r' << 8 | '\n';

  private final OutputBuffer out;
  private byte[] header;
  private int protocol = 2;

  RespWriter(OutputBuffer out) {
    this.out = out;
  }

  /** A writer into memory: see {@link #take}. */
  public static RespWriter inMemory(int protocol) {
    RespWriter writer = new RespWriter(new OutputBuffer(PooledByteBufAllocator.DEFAULT, () -> {}));
    writer.protocol(protocol);
    return writer;
  }

  /** What an {@link #inMemory} writer holds, in one buffer that the caller releases. */
  public ByteBuf take() {
    ByteBuf all = PooledByteBufAllocator.DEFAULT.directBuffer((int) out.pendingBytes());
    out.take(
        out.pendingBytes(),
        chunk -> {
          all.writeBytes(chunk);
          chunk.release();
        });
    return all;
  }

  /** 2 or 3. */
  public int protocol() {
    return protocol;
  }

  /** Switches between RESP 2 and 3, from the next reply on. */
  public void protocol(int version) {
    if (version != 2 && version != 3) {
      throw new IllegalArgumentException("RESP version " + version);
    }
    this.protocol = version;
  }

  /** Number of bytes ever written to this writer. */
  public long position() {
    return out.position();
  }

  /** Bytes written that have not left for the socket. */
  public long pendingBytes() {
    return out.pendingBytes();
  }

  /**
   * Takes back what was written after {@code position}, a value of {@link #position} of this turn.
   */
  public void rewind(long position) {
    out.rewind(position);
  }

  /** {@code +OK}. */
  public void ok() {
    constant(OK);
  }

  /** {@code +text}; the text has no line ends. */
  public void simple(String text) {
    line('+', text);
  }

  /** {@code +text}; the text has no line ends. */
  public void simple(byte[] text) {
    ByteBuf buffer = out.room(text.length + 3);
    buffer.writeByte('+').writeBytes(text).writeShort(CRLF);
  }

  /**
   * {@code -text}, where the text begins with its code, such as {@code ERR} or {@code WRONGTYPE}.
   * Line ends in it become spaces.
   */
  public void error(String text) {
    line('-', text);
  }

  private void line(char type, String text) {
    int length = text.length();
    ByteBuf buffer = out.room(length + 3);
    buffer.writeByte(type);
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      buffer.writeByte(c == '\r' || c == '\n' ? ' ' : c);
    }
    buffer.writeShort(CRLF);
  }

  /** {@code :value}. */
  public void integer(long value) {
    header(':', value);
  }

  /** {@code length} bytes of {@code source} from {@code offset} on, as a bulk string. */
  public void bulk(ByteBuf source, int offset, int length) {
    bulkHeader(length);
    out.room(length).writeBytes(source, offset, length);
    endBulk();
  }

  public void bulk(byte[] bytes) {
    bulkHeader(bytes.length);
    out.room(bytes.length).writeBytes(bytes);
    endBulk();
  }

  /** The text in UTF-8 as a bulk string. */
  public void bulk(String text) {
    bulk(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The decimal digits of {@code value} as a bulk string. */
  public void bulk(long value) {
    ByteBuf buffer = out.room(LONGEST_HEADER * 2);
    writeHeader(buffer, '$', digits(value));
    writeDigits(buffer, value);
    buffer.writeShort(CRLF);
  }

  /**
   * Begins a bulk string of exactly {@code length} bytes, which the caller writes to {@link
   * #buffer}, and ends with {@link #endBulk}.
   */
  public void bulkHeader(int length) {
    ByteBuf buffer = out.room(length + LONGEST_HEADER + 2);
    writeHeader(buffer, '$', length);
  }

  /** Where the bytes of a bulk go, between {@link #bulkHeader} and {@link #endBulk}. */
  public ByteBuf buffer() {
    return out.room(0);
  }

  /** Ends what {@link #bulkHeader} began. */
  public void endBulk() {
    out.room(2).writeShort(CRLF);
  }

  /** No value where a bulk string is expected. */
  public void nullBulk() {
    constant(protocol == 3 ? NULL3 : NULL_BULK2);
  }

  /** No value where an array is expected. */
  public void nullArray() {
    constant(protocol == 3 ? NULL3 : NULL_ARRAY2);
  }

  /** The header of an array of {@code count} elements. */
  public void array(long count) {
    header('*', count);
  }

  /** The header of a map of {@code pairs} pairs; in RESP2 an array of twice as many elements. */
  public void map(long pairs) {
    if (protocol == 3) {
      header('%', pairs);
    } else {
      header('*', pairs * 2);
    }
  }

  /** The header of a set; in RESP2 an array. */
  public void set(long count) {
    header(protocol == 3 ? '~' : '*', count);
  }

  /** The header of an out-of-band message; in RESP2 an array. */
  public void push(long count) {
    header(protocol == 3 ? '>' : '*', count);
  }

  /** A double; in RESP2 a bulk string of the same text. See {@link DoubleText}. */
  public void doubleValue(double value) {
    if (DoubleText.isLong(value)) {
      if (protocol == 3) {
        header(',', (long) value);
      } else {
        bulk((long) value);
      }
      return;
    }
    byte[] text = DoubleText.bytes(value);
    if (protocol == 3) {
      out.room(text.length + 3).writeByte(',').writeBytes(text).writeShort(CRLF);
    } else {
      bulk(text);
    }
  }

  /** A boolean; in RESP2 the integer 1 or 0. */
  public void bool(boolean value) {
    if (protocol == 3) {
      constant(value ? TRUE3 : FALSE3);
    } else {
      integer(value ? 1 : 0);
    }
  }

  /**
   * Text with its format, in RESP2 a bulk string.
   *
   * @param format three characters, {@code txt} or {@code mkd}
   */
  public void verbatim(String format, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (protocol == 2) {
      bulk(bytes);
      return;
    }
    ByteBuf buffer = out.room(bytes.length + LONGEST_HEADER + 6);
    writeHeader(buffer, '=', bytes.length + 4);
    for (int i = 0; i < 3; i++) {
      buffer.writeByte(format.charAt(i));
    }
    buffer.writeByte(':').writeBytes(bytes).writeShort(CRLF);
  }

  /** An integer of any size, as its digits; in RESP2 a bulk string. */
  public void bigNumber(String digits) {
    if (protocol == 3) {
      line('(', digits);
    } else {
      bulk(digits);
    }
  }

  /** Bytes that are RESP already. */
  public void raw(byte[] bytes) {
    constant(bytes);
  }

  /** {@code length} bytes of {@code source} that are RESP already. */
  public void raw(ByteBuf source, int offset, int length) {
    out.room(length).writeBytes(source, offset, length);
  }

  /**
   * Begins an array, set or map whose size is known only after its elements: write them, then call
   * one of the {@code deferred…} methods with the mark returned here. May be nested.
   */
  public long defer() {
    return out.position();
  }

  /** Puts the header of an array of {@code count} elements at {@code mark}. */
  public void deferredArray(long mark, long count) {
    insertHeader(mark, '*', count);
  }

  /** Puts the header of a set at {@code mark}. */
  public void deferredSet(long mark, long count) {
    insertHeader(mark, protocol == 3 ? '~' : '*', count);
  }

  /** Puts the header of a map of {@code pairs} pairs at {@code mark}. */
  public void deferredMap(long mark, long pairs) {
    insertHeader(mark, protocol == 3 ? '%' : '*', protocol == 3 ? pairs : pairs * 2);
  }

  private void insertHeader(long mark, char type, long count) {
    if (header == null) {
      header = new byte[LONGEST_HEADER];
    }
    int digits = digits(count);
    header[0] = (byte) type;
    long left = count;
    for (int i = digits; i > 0; i--) {
      header[i] = (byte) ('0' + left % 10);
      left /= 10;
    }
    header[digits + 1] = '\r';
    header[digits + 2] = '\n';
    out.insert(mark, header, digits + 3);
  }

  private void constant(byte[] bytes) {
    out.room(bytes.length).writeBytes(bytes);
  }

  private void header(char type, long value) {
    writeHeader(out.room(LONGEST_HEADER), type, value);
  }

  private static void writeHeader(ByteBuf buffer, char type, long value) {
    if (value >= 0 && value < 10) {
      buffer.writeInt(type << 24 | (int) ('0' + value) << 16 | CRLF);
      return;
    }
    buffer.writeByte(type);
    writeDigits(buffer, value);
    buffer.writeShort(CRLF);
  }

  /** REQUIRES: room for 20 bytes. */
  private static void writeDigits(ByteBuf buffer, long value) {
    int length = digits(value);
    int at = buffer.writerIndex();
    int index = at + length;
    // Negative numbers have the larger range: no overflow at Long.MIN_VALUE.
    long left = value < 0 ? value : -value;
    do {
      long quotient = left / 10;
      buffer.setByte(--index, (int) ('0' - (left - quotient * 10)));
      left = quotient;
    } while (left != 0);
    if (value < 0) {
      buffer.setByte(--index, '-');
    }
    buffer.writerIndex(at + length);
  }

  /** Characters that {@code value} takes, the sign included. */
  private static int digits(long value) {
    int count = value < 0 ? 2 : 1;
    long left = value < 0 ? value : -value;
    while (left <= -10) {
      left /= 10;
      count++;
    }
    return count;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
