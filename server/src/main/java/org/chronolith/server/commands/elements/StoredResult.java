package org.chronolith.server.commands.elements;

import java.nio.charset.StandardCharsets;
import org.chronolith.engine.Slice;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.write.Effects;

/**
 * The effect of a command that stores its result in a key: {@code DEL}, if the key is there, and
 * then what makes it anew, a bounded number of elements at a time. Not the request, whose result
 * depends on the order of sets or on the last bit of a sine.
 */
public final class StoredResult {
  /** Around a word of an effect, and for a number that is one. */
  private static final long WORD_BYTES = 16;

  private static final long NUMBER_BYTES = 32 + WORD_BYTES;

  /** In one command, so that neither the log's readers nor a replica see a huge one. */
  private static final int MAX_ELEMENTS = 1024;

  private static final byte[] DEL = "DEL".getBytes(StandardCharsets.US_ASCII);

  private StoredResult() {}

  /** Writes one element's words: so many as {@link #log} was told. */
  @FunctionalInterface
  public interface ElementWriter {
    void write(Effects effect, int index);
  }

  /**
   * Before the first change: makes sure that the log has room.
   *
   * @param elements of the result
   * @param bytes of all elements
   * @param numbers of each element, such as a score
   * @throws CommandException if it has none
   */
  public static void claimRoom(Call call, Slice key, long elements, long bytes, int numbers) {
    long commands = elements / MAX_ELEMENTS + 2;
    long words = bytes + elements * (WORD_BYTES + numbers * NUMBER_BYTES);
    call.requireLogRoom(words + commands * (key.length() + 4 * WORD_BYTES));
  }

  /**
   * Logs the result, and counts a change for each element, or for the key that is removed.
   * REQUIRES: {@link #claimRoom}.
   *
   * @param replaced whether the key was there before
   * @param command such as {@code RPUSH}
   * @param wordsEach words of each element
   */
  public static void log(
      Call call,
      Slice key,
      boolean replaced,
      byte[] command,
      int elements,
      int wordsEach,
      ElementWriter writer) {
    if (replaced) {
      Effects effect = call.effect(2);
      if (effect != null) {
        effect.word(DEL).word(key);
      }
    }
    int effects = replaced ? 1 : 0;
    for (int from = 0; from < elements; from += MAX_ELEMENTS) {
      effects++;
      int to = Math.min(elements, from + MAX_ELEMENTS);
      Effects effect = call.effect(2 + (to - from) * wordsEach);
      if (effect == null) {
        continue;
      }
      effect.word(command).word(key);
      for (int i = from; i < to; i++) {
        writer.write(effect, i);
      }
    }
    call.changes(Math.max(elements, replaced ? 1 : 0) - effects);
  }
}
