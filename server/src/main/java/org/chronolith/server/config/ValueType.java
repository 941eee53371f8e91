package org.chronolith.server.config;

import java.util.List;

/**
 * How a directive's value is read and printed. Stateless.
 *
 * @param <T> the Java type of the value; immutable
 */
interface ValueType<T> {

  /**
   * Reads a value.
   *
   * @param earlier the value before this one
   * @param append whether {@code earlier} was given in the same configuration, so that a repeatable
   *     directive adds to it; false for {@code CONFIG SET} and for the first occurrence
   * @param words one word, unless {@link #manyWords()}
   * @throws BadValueException with Redis's text for the mistake
   */
  T parse(T earlier, boolean append, List<String> words) throws BadValueException;

  /** The value as {@code CONFIG GET} prints it. */
  String format(T value);

  /** What follows the name in the lines that {@code CONFIG REWRITE} writes; one item a line. */
  List<String> fileLines(T value);

  /** What may be given, in a few words, for the documentation. */
  String describe();

  /**
   * Whether a line may have any number of words, and CONFIG SET's one argument is split at blanks.
   */
  default boolean manyWords() {
    return false;
  }
}
