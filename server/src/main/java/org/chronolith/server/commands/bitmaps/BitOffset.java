package org.chronolith.server.commands.bitmaps;

import java.util.function.LongSupplier;
import org.chronolith.engine.Slice;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.Numbers;

/** Reads the numbers of bits in requests. */
final class BitOffset {
  private static final CommandException OUT_OF_RANGE =
      new CommandException("ERR bit offset is not an integer or out of range");

  private final LongSupplier maxStringBytes;
  private final Slice digits = new Slice();

  /**
   * @param maxStringBytes {@code proto-max-bulk-len}
   */
  BitOffset(LongSupplier maxStringBytes) {
    this.maxStringBytes = maxStringBytes;
  }

  /** Word {@code i} as the number of a bit. */
  long read(Call call, int i) {
    return check(call, call.integer(i, OUT_OF_RANGE));
  }

  /** As {@link #read(Call, int)}, where {@code #n} is the n-th field of so many bits. */
  long read(Call call, int i, int bits) {
    Slice word = call.arg(i);
    if (word.length() == 0 || word.get(0) != '#') {
      return read(call, i);
    }
    digits.set(word.buffer(), word.offset() + 1, word.length() - 1);
    long fields = Numbers.integer(digits, OUT_OF_RANGE);
    if (fields > Long.MAX_VALUE / bits) {
      throw OUT_OF_RANGE;
    }
    return check(call, fields * bits);
  }

  private long check(Call call, long offset) {
    // A master may have let in longer strings; none is beyond what an int counts in bytes.
    long most = call.applying() ? Integer.MAX_VALUE - Long.BYTES : maxStringBytes.getAsLong();
    if (offset < 0 || offset >> 3 >= most) {
      throw OUT_OF_RANGE;
    }
    return offset;
  }
}
