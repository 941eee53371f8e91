package org.chronolith.server.config;

import java.util.Locale;

/** Sizes in bytes as redis.conf has them: {@code 1k} is 1000 bytes, {@code 1kb} is 1024. */
final class MemorySize {

  private MemorySize() {}

  static long parse(String word) throws BadValueException {
    int digits = 0;
    while (digits < word.length() && word.charAt(digits) >= '0' && word.charAt(digits) <= '9') {
      digits++;
    }
    long unit =
        switch (word.substring(digits).toLowerCase(Locale.ROOT)) {
          case "", "b" -> 1L;
          case "k" -> 1000L;
          case "kb" -> 1L << 10;
          case "m" -> 1000_000L;
          case "mb" -> 1L << 20;
          case "g" -> 1000_000_000L;
          case "gb" -> 1L << 30;
          default -> throw notMemory();
        };
    try {
      return Math.multiplyExact(Long.parseLong(word.substring(0, digits)), unit);
    } catch (NumberFormatException | ArithmeticException e) {
      throw notMemory();
    }
  }

  /** As Redis rewrites it: with the largest binary unit that leaves no remainder. */
  static String formatForFile(long bytes) {
    if (bytes != 0 && bytes % (1L << 30) == 0) {
      return (bytes >> 30) + "gb";
    }
    if (bytes != 0 && bytes % (1L << 20) == 0) {
      return (bytes >> 20) + "mb";
    }
    if (bytes != 0 && bytes % (1L << 10) == 0) {
      return (bytes >> 10) + "kb";
    }
    return Long.toString(bytes);
  }

  private static BadValueException notMemory() {
    return new BadValueException("argument must be a memory value");
  }
}
