package org.chronolith.server.commands.bitmaps;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/**
 * The range of BITCOUNT and BITPOS, in bytes or in bits, from the start or from the end of a
 * string. Reused; thread: the one that owns the keyspace.
 */
final class BitRange {
  private long bytes;
  private long start;
  private long end;
  private boolean inBits;

  /** Of a string of so many bytes. */
  void all(long length) {
    bytes = length;
    start = 0;
    end = length - 1;
    inBits = false;
  }

  /** Words {@code i} and {@code i + 1}. */
  void startAndEnd(Call call, int i, long length) {
    all(length);
    start = call.integer(i);
    end = call.integer(i + 1);
  }

  /** Whether both ends count from the end of the string, in the wrong order. */
  boolean isReversed() {
    return start < 0 && end < 0 && start > end;
  }

  /** Word {@code i}, if there is one. */
  void unit(Call call, int i) {
    if (call.argc() > i) {
      if (call.is(i, "bit")) {
        inBits = true;
      } else if (!call.is(i, "byte")) {
        throw CommandException.SYNTAX;
      }
    }
  }

  /** Words {@code i} and, if there are so many, {@code i + 1} and {@code i + 2}. */
  void startAndPerhapsEnd(Call call, int i, long length) {
    all(length);
    start = call.integer(i);
    unit(call, i + 2);
    if (call.argc() > i + 1) {
      end = call.integer(i + 1);
    }
  }

  /** Makes a range of bits of what was read, within the string. */
  void resolve() {
    long total = inBits ? bytes << 3 : bytes;
    start = Math.max(0, start < 0 ? start + total : start);
    end = Math.min(total - 1, Math.max(0, end < 0 ? end + total : end));
    if (!inBits && start <= end) {
      start <<= 3;
      end = (end << 3) + 7;
    }
  }

  boolean isEmpty() {
    return start > end;
  }

  long firstBit() {
    return start;
  }

  long lastBit() {
    return end;
  }
}
