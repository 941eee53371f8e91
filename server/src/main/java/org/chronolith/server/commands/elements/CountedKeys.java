package org.chronolith.server.commands.elements;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/** The words of {@code COMMAND numkeys key [key ...]} that count, and Redis's errors about them. */
public final class CountedKeys {
  private static final CommandException NO_KEYS =
      new CommandException("ERR numkeys should be greater than 0");
  private static final CommandException NO_COUNT =
      new CommandException("ERR count should be greater than 0");

  private CountedKeys() {}

  /** Word 1 as the number of the keys behind it, at least 1; there may be fewer words. */
  public static long number(Call call) {
    return positive(call, 1, NO_KEYS);
  }

  /** Index of the word behind the keys of {@code LMPOP} and {@code ZMPOP}: where to pop. */
  public static int behind(Call call) {
    long keys = number(call);
    if (keys > call.argc() - 3) {
      throw CommandException.SYNTAX;
    }
    return (int) keys + 2;
  }

  /**
   * What stands behind that as {@code [COUNT count]}, which ends the request; 1 if nothing does.
   */
  public static long popped(Call call, int at) {
    if (at == call.argc()) {
      return 1;
    }
    if (!call.is(at, "count") || at + 1 == call.argc()) {
      throw CommandException.SYNTAX;
    }
    long count = positive(call, at + 1, NO_COUNT);
    if (at + 2 < call.argc()) {
      throw CommandException.SYNTAX;
    }
    return count;
  }

  private static long positive(Call call, int at, CommandException otherwise) {
    long value = call.integer(at, otherwise);
    if (value < 1) {
      throw otherwise;
    }
    return value;
  }
}
