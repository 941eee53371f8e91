package org.chronolith.engine.memory;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.chronolith.engine.Slice;

/** Word by word over the bytes of blocks, which are in little-endian buffers. */
final class BlockBytes {
  private BlockBytes() {}

  static void zero(ByteBuffer slab, int at, int length) {
    int from = at;
    int end = from + length;
    for (; from + 8 <= end; from += 8) {
      slab.putLong(from, 0L);
    }
    for (; from < end; from++) {
      slab.put(from, (byte) 0);
    }
  }

  /** Whether the bytes at {@code at} are those of the slice. */
  static boolean equals(ByteBuffer slab, int at, Slice other) {
    int from = at;
    ByteBuf buffer = other.buffer();
    int index = other.offset();
    int end = from + other.length();
    for (; from + 8 <= end; from += 8, index += 8) {
      if (slab.getLong(from) != buffer.getLongLE(index)) {
        return false;
      }
    }
    for (; from < end; from++, index++) {
      if (slab.get(from) != buffer.getByte(index)) {
        return false;
      }
    }
    return true;
  }

  /** Orders as {@code memcmp} does, bytes unsigned; a prefix comes first. */
  static int compare(ByteBuffer slab, int at, int length, Slice other) {
    int from = at;
    ByteBuf buffer = other.buffer();
    int index = other.offset();
    int end = from + Math.min(length, other.length());
    for (; from + 8 <= end; from += 8, index += 8) {
      long mine = slab.getLong(from);
      long theirs = buffer.getLongLE(index);
      if (mine != theirs) {
        return compareWords(mine, theirs);
      }
    }
    for (; from < end; from++, index++) {
      int difference = (slab.get(from) & 0xFF) - (buffer.getByte(index) & 0xFF);
      if (difference != 0) {
        return difference;
      }
    }
    return Integer.compare(length, other.length());
  }

  /** Orders two ranges as {@code memcmp} does, bytes unsigned; a prefix comes first. */
  static int compare(
      ByteBuffer slab, int at, int length, ByteBuffer otherSlab, int otherAt, int otherLength) {
    int from = at;
    int index = otherAt;
    int end = from + Math.min(length, otherLength);
    for (; from + 8 <= end; from += 8, index += 8) {
      long mine = slab.getLong(from);
      long theirs = otherSlab.getLong(index);
      if (mine != theirs) {
        return compareWords(mine, theirs);
      }
    }
    for (; from < end; from++, index++) {
      int difference = (slab.get(from) & 0xFF) - (otherSlab.get(index) & 0xFF);
      if (difference != 0) {
        return difference;
      }
    }
    return Integer.compare(length, otherLength);
  }

  private static int compareWords(long mine, long theirs) {
    return Long.compareUnsigned(Long.reverseBytes(mine), Long.reverseBytes(theirs));
  }
}
