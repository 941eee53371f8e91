package org.chronolith.server.commands.bitmaps;

import org.chronolith.engine.Slice;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.Numbers;

/**
 * The type of a field of BITFIELD: i1 to i64 or u1 to u63.
 *
 * @param bits width
 */
record FieldType(boolean signed, int bits) {
  private static final CommandException INVALID =
      new CommandException(
          "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported"
              + " but i64 is.");

  /** What becomes of a value that its type cannot hold. */
  enum Overflow {
    WRAP,
    SAT,
    FAIL
  }

  /**
   * The type that a word such as {@code u8} names.
   *
   * @throws CommandException if it names none
   */
  static FieldType of(Slice word) {
    if (word.length() == 0 || word.get(0) != 'i' && word.get(0) != 'u') {
      throw INVALID;
    }
    boolean signed = word.get(0) == 'i';
    Slice digits = new Slice(word.buffer(), word.offset() + 1, word.length() - 1);
    long bits = Numbers.integer(digits, INVALID);
    if (bits < 1 || bits > (signed ? 64 : 63)) {
      throw INVALID;
    }
    return new FieldType(signed, (int) bits);
  }

  /** The greatest value. */
  long max() {
    return signed ? Long.MAX_VALUE >>> (64 - bits) : -1L >>> (64 - bits);
  }

  /** The least value. */
  long min() {
    return signed ? Long.MIN_VALUE >> (64 - bits) : 0;
  }

  /** The value that so many low bits are. */
  long valueOf(long raw) {
    int unused = 64 - bits;
    return signed ? raw << unused >> unused : raw << unused >>> unused;
  }

  /**
   * Whether {@code value + increment} is beyond the greatest value. The value may itself be out of
   * range, with an increment of 0. A very low one that is set then counts as too high, since the
   * room above it does not fit in 64 bits: redis-server saturates so, and its replicas must, too.
   */
  boolean overflows(long value, long increment) {
    long room = max() - value;
    if (!signed) {
      return Long.compareUnsigned(value, max()) > 0 || increment > 0 && increment > room;
    }
    return value > max()
        || bits != 64 && increment > room
        || value >= 0 && increment > 0 && increment > room;
  }

  /** As {@link #overflows}, beyond the least value. REQUIRES: it does not overflow. */
  boolean underflows(long value, long increment) {
    long room = min() - value;
    if (!signed) {
      return increment < 0 && increment < room;
    }
    return value < min()
        || bits != 64 && increment < room
        || value < 0 && increment < 0 && increment < room;
  }
}
