package org.chronolith.server.commands.bitmaps;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.string.Strings;

/** Looks at many bits of a string, a window at a time. Thread: the owner of the keyspace. */
final class BitScan {
  private static final int WINDOW_BYTES = 64 << 10;

  private final ByteBuf window = Unpooled.buffer(WINDOW_BYTES + Long.BYTES);

  /** How many bits of the range are set. */
  long count(Strings strings, Database db, long entry, BitRange range) {
    long count = 0;
    if (range.isEmpty()) {
      return 0;
    }
    int last = (int) (range.lastBit() >> 3);
    for (int at = (int) (range.firstBit() >> 3); at <= last; at += WINDOW_BYTES) {
      int bytes = read(strings, db, entry, range, at, 0);
      for (int i = 0; i < bytes; i += Long.BYTES) {
        count += Long.bitCount(window.getLong(i));
      }
    }
    return count;
  }

  /** The first bit of the range that is {@code bit}, or -1. REQUIRES: the range is not empty. */
  long first(Strings strings, Database db, long entry, BitRange range, int bit) {
    int last = (int) (range.lastBit() >> 3);
    for (int at = (int) (range.firstBit() >> 3); at <= last; at += WINDOW_BYTES) {
      int bytes = read(strings, db, entry, range, at, 1 - bit);
      for (int i = 0; i < bytes; i += Long.BYTES) {
        long bits = bit == 1 ? window.getLong(i) : ~window.getLong(i);
        if (bits != 0) {
          return ((long) at + i << 3) + Long.numberOfLeadingZeros(bits);
        }
      }
    }
    return -1;
  }

  /**
   * Reads the window from byte {@code at} on. What is not of the range, up to a whole long behind
   * it, is {@code filler} bits. Answers how many bytes of the range it has.
   */
  private int read(Strings strings, Database db, long entry, BitRange range, int at, int filler) {
    int last = (int) (range.lastBit() >> 3);
    int bytes = Math.min(WINDOW_BYTES, last - at + 1);
    strings.copyRange(db, entry, at, bytes, window.clear());
    window.writeLong(filler == 1 ? -1 : 0);
    if (at == range.firstBit() >> 3) {
      mask(0, 0xFF >> (range.firstBit() & 7), filler);
    }
    if (at + bytes - 1 == last) {
      mask(bytes - 1, 0xFF00 >> (range.lastBit() & 7) + 1, filler);
    }
    return bytes;
  }

  /** Of a byte, leaves the bits of {@code kept} as they are. */
  private void mask(int index, int kept, int filler) {
    int value = window.getByte(index);
    window.setByte(index, filler == 1 ? value | ~kept : value & kept);
  }
}
