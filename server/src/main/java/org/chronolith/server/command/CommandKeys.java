package org.chronolith.server.command;

import java.util.function.IntFunction;
import org.chronolith.engine.Slice;

/** Where the keys of a request are, by the declaration of its command. */
public final class CommandKeys {
  private CommandKeys() {}

  /** Whether requests of this command name keys. */
  public static boolean has(CommandSpec spec) {
    return spec.firstKey() > 0 || spec.keyCountAt() > 0;
  }

  /**
   * Indexes of the keys among the words of a request. REQUIRES: it satisfies the arity.
   *
   * @param words how many there are, the command's name included
   * @param word gives one of them; called for that which counts keys, if there is one
   * @return null if the request counts its keys and does not have so many
   */
  public static int[] positions(CommandSpec spec, int words, IntFunction<Slice> word) {
    int first = spec.firstKey();
    int last = spec.lastKey() < 0 ? words + spec.lastKey() : Math.min(spec.lastKey(), words - 1);
    int fixed = first == 0 || last < first ? 0 : (last - first) / spec.keyStep() + 1;
    int countAt = spec.keyCountAt();
    long counted = countAt == 0 ? 0 : counted(word.apply(countAt));
    if (countAt > 0 && (counted < 1 || counted > words - countAt - 1)) {
      return null;
    }
    int[] positions = new int[fixed + (int) counted];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = i < fixed ? first + i * spec.keyStep() : countAt + 1 + i - fixed;
    }
    return positions;
  }

  private static long counted(Slice word) {
    try {
      return Numbers.integer(word, CommandException.NOT_AN_INTEGER);
    } catch (CommandException e) {
      // No number of keys: as wrong as none.
      return 0;
    }
  }
}
