package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;

/**
 * LZF as Redis stores it: a control byte below 32 begins a run of literals, one byte longer than it
 * says; any other a copy of earlier output, its upper three bits the length less two (seven: a
 * length byte follows), its lower five and the byte after them the distance less one.
 */
final class Lzf {
  /** Bytes of output that one byte of input can become at most: 264 for three. */
  static final int MAX_RATIO = 88;

  private static final int LITERALS = 1 << 5;
  private static final int LONG_LENGTH = 7;
  private static final int LEAST_COPY = 2;

  private Lzf() {}

  /**
   * Appends what {@code in}'s readable bytes stand for to {@code out}, which has room for it.
   *
   * @param length bytes that it must be
   * @return false if the bytes are damaged, or stand for another number of bytes
   */
  static boolean decompress(ByteBuf in, ByteBuf out, int length) {
    int start = out.writerIndex();
    int end = start + length;
    while (in.isReadable()) {
      int control = in.readUnsignedByte();
      int at = out.writerIndex();
      if (control < LITERALS) {
        int run = control + 1;
        if (run > in.readableBytes() || run > end - at) {
          return false;
        }
        out.writeBytes(in, run);
        continue;
      }
      int run = control >>> 5;
      if (run == LONG_LENGTH) {
        if (!in.isReadable()) {
          return false;
        }
        run += in.readUnsignedByte();
      }
      run += LEAST_COPY;
      if (!in.isReadable()) {
        return false;
      }
      int from = at - ((control & 0x1f) << 8) - in.readUnsignedByte() - 1;
      if (from < start || run > end - at) {
        return false;
      }
      copy(out, from, at, run);
    }
    return out.writerIndex() == end;
  }

  /** Source and target may overlap: then what was just written repeats. */
  private static void copy(ByteBuf out, int from, int at, int run) {
    if (from + run <= at) {
      out.setBytes(at, out, from, run);
    } else {
      for (int i = 0; i < run; i++) {
        out.setByte(at + i, out.getByte(from + i));
      }
    }
    out.writerIndex(at + run);
  }
}
