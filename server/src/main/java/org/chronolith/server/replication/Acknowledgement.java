package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.Request;

/**
 * {@code REPLCONF ACK <offset> FACK <offset on disk> [SUMS <first block> <checksums>]}: how a
 * replica tells how far its log goes, and what is in it. Nothing is allocated for one.
 */
final class Acknowledgement {
  private static final int WORDS = 5;
  private static final int WORDS_WITH_SUMS = 8;
  private static final int SUM_BYTES = Integer.BYTES;
  private static final int MOST_DIGITS = 19;

  /** Bytes of one with as many blocks as there may be, at most. */
  static final int MOST_BYTES = 160 + BlockReport.MOST_BLOCKS * SUM_BYTES;

  private Acknowledgement() {}

  /**
   * Writes one.
   *
   * @param report whose checksums it tells of; null, or without any, for none
   */
  static void write(ByteBuf out, long offset, long onDisk, BlockReport report) {
    int blocks = report == null ? 0 : report.count();
    out.writeByte('*').writeByte('0' + (blocks == 0 ? WORDS : WORDS_WITH_SUMS));
    ByteBufUtil.writeAscii(out, "\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n");
    number(out, offset);
    ByteBufUtil.writeAscii(out, "$4\r\nFACK\r\n");
    number(out, onDisk);
    if (blocks > 0) {
      ByteBufUtil.writeAscii(out, "$4\r\nSUMS\r\n");
      number(out, report.untold());
      out.writeByte('$');
      digits(out, (long) blocks * SUM_BYTES);
      ByteBufUtil.writeAscii(out, "\r\n");
      report.tell(out);
      ByteBufUtil.writeAscii(out, "\r\n");
    }
  }

  private static void number(ByteBuf out, long value) {
    int length = 1;
    for (long rest = value / 10; rest > 0; rest /= 10) {
      length++;
    }
    out.writeByte('$');
    digits(out, length);
    ByteBufUtil.writeAscii(out, "\r\n");
    digits(out, value);
    ByteBufUtil.writeAscii(out, "\r\n");
  }

  private static void digits(ByteBuf out, long value) {
    if (value >= 10) {
      digits(out, value / 10);
    }
    out.writeByte('0' + (int) (value % 10));
  }

  /** Whether a replica's request is one. */
  static boolean is(Request request) {
    return request.count() >= 3 && isWord(request, 0, "replconf") && isWord(request, 1, "ack");
  }

  /** The offset that it acknowledges. */
  static long offset(Request request) {
    return number(request, 2);
  }

  /** The offset up to which the replica's disk has the stream; -1 if it does not say. */
  static long onDisk(Request request) {
    boolean says = request.count() >= WORDS && isWord(request, 3, "fack");
    return says ? number(request, 4) : -1;
  }

  /** Whether it tells checksums: of blocks from {@link #firstBlock} on. */
  static boolean hasSums(Request request) {
    return request.count() == WORDS_WITH_SUMS && isWord(request, 5, "sums");
  }

  static long firstBlock(Request request) {
    long block = number(request, 6);
    if (block % BlockSums.BLOCK_BYTES != 0) {
      throw new ProtocolException("no block starts at offset " + block);
    }
    return block;
  }

  static int blocks(Request request) {
    int bytes = request.length(7);
    if (bytes % SUM_BYTES != 0 || bytes > BlockReport.MOST_BLOCKS * SUM_BYTES) {
      throw new ProtocolException("checksums of " + bytes + " bytes");
    }
    return bytes / SUM_BYTES;
  }

  static int sum(Request request, int number) {
    return request.buffer().getInt(request.offset(7) + number * SUM_BYTES);
  }

  private static boolean isWord(Request request, int argument, String lowerCase) {
    int length = request.length(argument);
    if (length != lowerCase.length()) {
      return false;
    }
    ByteBuf bytes = request.buffer();
    int from = request.offset(argument);
    for (int i = 0; i < length; i++) {
      if ((bytes.getByte(from + i) | 0x20) != lowerCase.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static long number(Request request, int argument) {
    int length = request.length(argument);
    ByteBuf bytes = request.buffer();
    int from = request.offset(argument);
    long value = 0;
    boolean valid = length > 0 && length <= MOST_DIGITS;
    for (int i = 0; valid && i < length; i++) {
      int digit = bytes.getByte(from + i) - '0';
      valid = digit >= 0 && digit <= 9;
      value = value * 10 + digit;
    }
    if (!valid || value < 0) {
      throw new ProtocolException("acknowledgement of '" + request.text(argument) + "'");
    }
    return value;
  }
}
