package org.chronolith.server.commands.bitmaps;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.string.Strings;

/**
 * One field of up to 64 bits at any bit of a string. Only the bytes that it touches are read and
 * written. Reused; thread: the owner of the keyspace.
 */
final class BitField {
  private static final int MOST_BYTES = 9;

  private final ByteBuf bytes = Unpooled.buffer(MOST_BYTES, MOST_BYTES);
  private final Slice written = new Slice();

  /** The field's bits, the last of them in bit 0; behind the end of the string are zeros. */
  long read(Strings strings, Database db, long entry, long offset, int bits) {
    load(strings, db, entry, offset, bits);
    long value = 0;
    int at = (int) (offset & 7);
    for (int left = bits; left > 0; ) {
      int taken = Math.min(8 - (at & 7), left);
      int part = (bytes.getByte(at >> 3) & 0xFF) >> (8 - (at & 7) - taken);
      value = value << taken | part & (1 << taken) - 1;
      at += taken;
      left -= taken;
    }
    return value;
  }

  /** Writes the low {@code bits} of a value. REQUIRES: the string is long enough. */
  void write(Strings strings, Database db, long entry, long offset, int bits, long value) {
    int length = load(strings, db, entry, offset, bits);
    int at = (int) (offset & 7);
    for (int left = bits; left > 0; ) {
      int taken = Math.min(8 - (at & 7), left);
      int shift = 8 - (at & 7) - taken;
      int mask = (1 << taken) - 1 << shift;
      int part = (int) (value >>> (left - taken)) << shift & mask;
      bytes.setByte(at >> 3, bytes.getByte(at >> 3) & ~mask | part);
      at += taken;
      left -= taken;
    }
    strings.setRange(db, entry, (int) (offset >> 3), written.set(bytes, 0, length));
  }

  /** Reads the bytes around the field, and answers how many there are. */
  private int load(Strings strings, Database db, long entry, long offset, int bits) {
    int from = (int) (offset >> 3);
    int length = (int) ((offset & 7) + bits + 7 >> 3);
    int there = entry == 0 ? 0 : Math.max(0, Math.min(length, strings.length(db, entry) - from));
    bytes.clear();
    if (there > 0) {
      strings.copyRange(db, entry, from, there, bytes);
    }
    bytes.writeZero(MOST_BYTES - there);
    return length;
  }
}
