package org.chronolith.server.command;

import java.nio.charset.StandardCharsets;
import org.chronolith.engine.Slice;

/** Numbers in requests, as strictly as Redis reads them. */
public final class Numbers {
  private static final int LONGEST_INTEGER = 20;

  /** More than the digits of any double, so that INCRBYFLOAT can read what it has written. */
  private static final int LONGEST_DOUBLE = 400;

  private Numbers() {}

  /**
   * A 64-bit integer without leading zeros, plus sign or spaces.
   *
   * @throws CommandException {@code error} when it is anything else
   */
  public static long integer(Slice slice, CommandException error) {
    int length = slice.length();
    if (length == 0 || length > LONGEST_INTEGER) {
      throw error;
    }
    int at = 0;
    boolean negative = slice.get(0) == '-';
    if (negative) {
      at++;
      if (length == 1) {
        throw error;
      }
    }
    int first = slice.get(at);
    if (first == '0' && length == 1) {
      return 0;
    }
    if (first < '1' || first > '9') {
      throw error;
    }
    long value = 0;
    for (; at < length; at++) {
      int digit = slice.get(at) - '0';
      if (digit < 0 || digit > 9 || value < (Long.MIN_VALUE + digit) / 10) {
        throw error;
      }
      value = value * 10 - digit;
    }
    if (negative) {
      return value;
    }
    if (value == Long.MIN_VALUE) {
      throw error;
    }
    return -value;
  }

  /**
   * A double as {@code strtod} reads it: decimal, exponent, {@code inf}, {@code infinity}, with a
   * sign; no spaces, no NaN.
   *
   * @throws CommandException {@code error} when it is anything else
   */
  public static double floating(Slice slice, CommandException error) {
    int length = slice.length();
    if (length == 0 || length > LONGEST_DOUBLE) {
      throw error;
    }
    long small = 0;
    int at = slice.get(0) == '-' ? 1 : 0;
    int digits = 0;
    while (at < length && digits < 15) {
      int digit = slice.get(at) - '0';
      if (digit < 0 || digit > 9) {
        break;
      }
      small = small * 10 + digit;
      digits++;
      at++;
    }
    if (at == length && digits > 0) {
      return slice.get(0) == '-' ? -(double) small : (double) small;
    }
    return parse(
        slice.buffer().toString(slice.offset(), length, StandardCharsets.ISO_8859_1), error);
  }

  private static double parse(String text, CommandException error) {
    String unsigned = text.charAt(0) == '-' || text.charAt(0) == '+' ? text.substring(1) : text;
    if (unsigned.equalsIgnoreCase("inf") || unsigned.equalsIgnoreCase("infinity")) {
      return text.charAt(0) == '-' ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    for (int i = 0; i < unsigned.length(); i++) {
      char c = unsigned.charAt(i);
      boolean fine = c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E';
      if (!fine && !(i > 0 && (c == '-' || c == '+'))) {
        throw error;
      }
    }
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw error;
    }
  }
}
