package org.chronolith.server.tools;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place in the stream as it is given on the command line: an offset or a time.
 *
 * @param text as given
 */
record Point(Kind kind, long value, String text) {
  /** What {@link Point#value} is. */
  enum Kind {
    OFFSET,
    /** Wall clock, ms since 1970. */
    TIME,
    /** The end of the log. */
    END,
    /** A bare number so large that it may be either: {@link Point#resolve} decides. */
    NUMBER
  }

  /** For the help of the commands that take one. */
  static final String FORMS =
      "an offset (1234), a time (2026-01-31T12:00:00Z, without a zone the local one; a bare number"
          + " from 1000000000000 on is milliseconds since 1970; -10s, -5m, -2h, -1d, -500ms before"
          + " now), or 'end'; offset:N and ms:N where a number could be either";

  /** From here on (September 2001) a bare number is taken for a time in ms. */
  private static final long LEAST_MS = 1_000_000_000_000L;

  private static final Pattern RELATIVE = Pattern.compile("-(\\d{1,15})(ms|s|m|h|d)");
  private static final DateTimeFormatter ISO =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSX").withZone(ZoneId.of("UTC"));

  /**
   * @throws ToolException if the text is none of {@link #FORMS}
   */
  static Point parse(String text, long nowMs) {
    String word = text.strip();
    try {
      if (word.equalsIgnoreCase("end")) {
        return new Point(Kind.END, Long.MAX_VALUE, text);
      }
      if (word.startsWith("offset:")) {
        return new Point(Kind.OFFSET, notNegative(word.substring(7)), text);
      }
      if (word.startsWith("ms:")) {
        return new Point(Kind.TIME, notNegative(word.substring(3)), text);
      }
      if (word.matches("\\d+")) {
        long number = Long.parseLong(word);
        return new Point(number < LEAST_MS ? Kind.OFFSET : Kind.NUMBER, number, text);
      }
      Matcher relative = RELATIVE.matcher(word);
      if (relative.matches()) {
        long back =
            Math.multiplyExact(Long.parseLong(relative.group(1)), unitMs(relative.group(2)));
        return new Point(Kind.TIME, nowMs - back, text);
      }
      return new Point(Kind.TIME, iso(word), text);
    } catch (NumberFormatException | ArithmeticException | DateTimeException e) {
      throw new ToolException("'" + text + "' is no offset and no time. Give " + FORMS + ".", e);
    }
  }

  /** Decides what a large bare number is, by the offsets that the log has. */
  Point resolve(long endOffset) {
    if (kind != Kind.NUMBER) {
      return this;
    }
    if (value <= endOffset) {
      throw new ToolException(
          "'"
              + text
              + "' may be an offset of this log or a time: write offset:"
              + text
              + " or ms:"
              + text);
    }
    return new Point(Kind.TIME, value, text);
  }

  /** Milliseconds since 1970 as UTC, such as {@code 2026-01-31T12:00:00.123Z}. */
  static String time(long ms) {
    return ISO.format(Instant.ofEpochMilli(ms));
  }

  private static long notNegative(String digits) {
    if (!digits.matches("\\d+")) {
      throw new NumberFormatException(digits);
    }
    return Long.parseLong(digits);
  }

  private static long unitMs(String unit) {
    return switch (unit) {
      case "ms" -> 1;
      case "s" -> 1_000;
      case "m" -> 60_000;
      case "h" -> 3_600_000;
      default -> 86_400_000;
    };
  }

  private static long iso(String text) {
    String word = text.replace(' ', 'T').toUpperCase(Locale.ROOT);
    if (!word.contains("T")) {
      return local(LocalDate.parse(word).atStartOfDay());
    }
    boolean zoned = word.endsWith("Z") || word.matches(".*T.*[+-]\\d\\d(:?\\d\\d)?");
    if (!zoned) {
      return local(LocalDateTime.parse(word));
    }
    // As `date +%z` prints it; the parser wants a colon there.
    String parsed = word.replaceFirst("([+-]\\d\\d)(\\d\\d)$", "$1:$2");
    return OffsetDateTime.parse(parsed).toInstant().toEpochMilli();
  }

  private static long local(LocalDateTime time) {
    return time.atZone(ZoneId.systemDefault()).toInstant().toEpochMilli();
  }
}
