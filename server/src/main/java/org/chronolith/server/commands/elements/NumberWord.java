package org.chronolith.server.commands.elements;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.engine.Slice;

/** Writes integers as the words that they are stored as, without allocating. */
public final class NumberWord {
  /** Characters of the longest integer, its sign included. */
  public static final int LONGEST = 20;

  private final ByteBuf digits = Unpooled.buffer(LONGEST, LONGEST);
  private final Slice word = new Slice();

  /** The decimal digits of {@code value}, valid until the next call. */
  public Slice of(long value) {
    int at = LONGEST;
    // Negative numbers have the larger range: no overflow at Long.MIN_VALUE.
    long left = value < 0 ? value : -value;
    do {
      long quotient = left / 10;
      digits.setByte(--at, (int) ('0' - (left - quotient * 10)));
      left = quotient;
    } while (left != 0);
    if (value < 0) {
      digits.setByte(--at, '-');
    }
    return word.set(digits, at, LONGEST - at);
  }
}
