package org.chronolith.server.command;

import java.util.Locale;
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
   * @param word gives one of them; called for those that say where keys are
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
    int stored = stored(spec, words, word);
    int[] positions = new int[fixed + (int) counted + (stored > 0 ? 1 : 0)];
    for (int i = 0; i < fixed + counted; i++) {
      positions[i] = i < fixed ? first + i * spec.keyStep() : countAt + 1 + i - fixed;
    }
    if (stored > 0) {
      positions[positions.length - 1] = stored;
    }
    return positions;
  }

  /** Index of the key behind the last {@code STORE} or its like; 0 if there is none. */
  private static int stored(CommandSpec spec, int words, IntFunction<Slice> word) {
    if (spec.storeWords().isEmpty()) {
      return 0;
    }
    for (int i = words - 2; i > spec.firstKey(); i--) {
      if (spec.storeWords().contains(word.apply(i).toString().toLowerCase(Locale.ROOT))) {
        return i + 1;
      }
    }
    return 0;
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
