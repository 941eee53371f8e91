package org.chronolith.server.config;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The kinds of values that take one word. Error texts are those of Redis 7.0. */
final class ValueTypes {

  private ValueTypes() {}

  /** Reads one word. */
  private interface WordReader<T> {
    T read(String word) throws BadValueException;
  }

  private record OneWord<T>(
      WordReader<T> reader,
      Function<T, String> formatter,
      Function<T, String> fileFormatter,
      String describe)
      implements ValueType<T> {

    @Override
    public T parse(T earlier, boolean append, List<String> words) throws BadValueException {
      return reader.read(words.get(0));
    }

    @Override
    public String format(T value) {
      return formatter.apply(value);
    }

    @Override
    public List<String> fileLines(T value) {
      return List.of(fileFormatter.apply(value));
    }
  }

  private static <T> ValueType<T> of(
      WordReader<T> reader, Function<T, String> formatter, String describe) {
    return new OneWord<>(reader, formatter, formatter, describe);
  }

  static ValueType<Boolean> yesNo() {
    return of(
        word -> {
          if (word.equalsIgnoreCase("yes")) {
            return true;
          }
          if (word.equalsIgnoreCase("no")) {
            return false;
          }
          throw new BadValueException("argument must be 'yes' or 'no'");
        },
        value -> value ? "yes" : "no",
        "`yes` or `no`");
  }

  static ValueType<Integer> integer(int min, int max) {
    ValueType<Long> wide = number(min, max);
    return of(
        word -> Math.toIntExact(wide.parse(0L, false, List.of(word))),
        value -> Integer.toString(value),
        wide.describe());
  }

  static ValueType<Long> number(long min, long max) {
    return of(
        word -> inRange(parseLong(word), min, max), value -> Long.toString(value), range(min, max));
  }

  /** A percentage or count that Redis clamps rather than refuses. */
  static ValueType<Integer> clamped(int min, int max) {
    return of(
        word -> {
          long value = inRange(parseLong(word), 0, Integer.MAX_VALUE);
          return (int) Math.max(min, Math.min(max, value));
        },
        value -> Integer.toString(value),
        min + " to " + max + ", others are moved to the nearest");
  }

  /** Bytes, with Redis's units. */
  static ValueType<Long> memory(long min, long max) {
    return new OneWord<>(
        word -> inRange(MemorySize.parse(word), min, max),
        value -> Long.toString(value),
        MemorySize::formatForFile,
        "bytes or a size such as `64mb`"
            + (min > 0 ? ", at least " + MemorySize.formatForFile(min) : ""));
  }

  /** Bytes or a percentage, which is kept as a negative number, as Redis does. */
  static ValueType<Long> memoryOrPercent() {
    Function<Long, String> printer = value -> value < 0 ? -value + "%" : Long.toString(value);
    return of(
        word -> {
          if (!word.endsWith("%")) {
            return MemorySize.parse(word);
          }
          long percent;
          try {
            percent = Long.parseLong(word.substring(0, word.length() - 1));
          } catch (NumberFormatException e) {
            throw new BadValueException("argument must be a memory or percent value");
          }
          if (percent < 0) {
            throw new BadValueException("argument must be a memory or percent value");
          }
          if (percent > 100) {
            throw new BadValueException("percentage argument must be less or equal to 100");
          }
          return -percent;
        },
        printer,
        "bytes, a size such as `64mb`, or a percentage");
  }

  static ValueType<Integer> octal(int max) {
    return of(
        word -> {
          try {
            return Math.toIntExact(inRange(Long.parseLong(word, 8), 0, max));
          } catch (NumberFormatException e) {
            throw new BadValueException("argument couldn't be parsed as an octal number");
          }
        },
        Integer::toOctalString,
        "an octal number up to " + Integer.toOctalString(max));
  }

  static ValueType<String> text() {
    return new OneWord<>(word -> word, value -> value, Words::quote, "text");
  }

  /** A file's path; empty for none. */
  static ValueType<Optional<Path>> path() {
    Function<Optional<Path>, String> printer = value -> value.map(Path::toString).orElse("");
    return new OneWord<>(
        word -> word.isEmpty() ? Optional.empty() : Optional.of(toPath(word)),
        printer,
        value -> Words.quote(printer.apply(value)),
        "a path, or `\"\"` for none");
  }

  /** A directory, kept as an absolute path. */
  static ValueType<Path> directory() {
    return new OneWord<>(
        word -> {
          if (word.isEmpty()) {
            throw new BadValueException("argument must be the path of a directory");
          }
          return toPath(word).toAbsolutePath().normalize();
        },
        Path::toString,
        value -> Words.quote(value.toString()),
        "the path of a directory");
  }

  /** One of an enum's names, in lower case with dashes. */
  static <E extends Enum<E>> ValueType<E> oneOf(Class<E> type) {
    E[] constants = type.getEnumConstants();
    String all = Arrays.stream(constants).map(ValueTypes::nameOf).collect(Collectors.joining(", "));
    return of(
        word -> {
          for (E constant : constants) {
            if (nameOf(constant).equalsIgnoreCase(word)) {
              return constant;
            }
          }
          throw new BadValueException("argument(s) must be one of the following: " + all);
        },
        ValueTypes::nameOf,
        "one of `" + all.replace(", ", "` `") + "`");
  }

  /** One of these words. */
  static ValueType<String> oneOf(String... words) {
    String all = String.join(", ", words);
    return of(
        word -> {
          for (String known : words) {
            if (known.equalsIgnoreCase(word)) {
              return known;
            }
          }
          throw new BadValueException("argument(s) must be one of the following: " + all);
        },
        value -> value,
        "one of `" + all.replace(", ", "` `") + "`");
  }

  private static String nameOf(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Path toPath(String word) throws BadValueException {
    try {
      return Path.of(word);
    } catch (java.nio.file.InvalidPathException e) {
      throw new BadValueException("argument is not a path: " + e.getReason());
    }
  }

  static long parseLong(String word) throws BadValueException {
    try {
      if (word.startsWith("+")) {
        throw new NumberFormatException();
      }
      return Long.parseLong(word);
    } catch (NumberFormatException e) {
      throw new BadValueException("argument couldn't be parsed into an integer");
    }
  }

  private static long inRange(long value, long min, long max) throws BadValueException {
    if (value < min || value > max) {
      throw new BadValueException("argument must be between " + min + " and " + max + " inclusive");
    }
    return value;
  }

  private static String range(long min, long max) {
    if (max == Integer.MAX_VALUE || max == Long.MAX_VALUE) {
      return min == Integer.MIN_VALUE ? "a number" : "a number from " + min;
    }
    return min + " to " + max;
  }
}
