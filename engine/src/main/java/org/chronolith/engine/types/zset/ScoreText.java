package org.chronolith.engine.types.zset;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import org.chronolith.engine.Slice;

/**
 * Scores as text, as redis-server 7.0 reads them (C's {@code strtod} on the whole word) and as its
 * digests print them (C's {@code %.17g}).
 */
public final class ScoreText {
  private static final int DIGITS = 17;
  private static final MathContext ROUNDING = new MathContext(DIGITS, RoundingMode.HALF_EVEN);
  private static final double EXACT_LONG = 1e15;

  /**
   * Numbers of at most 15 digits are exact doubles; those and a power of ten up to 10^22 divide
   * exactly.
   */
  private static final int EXACT_DIGITS = 15;

  private static final double[] POWERS = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
  };

  /** Longer words are no scores here, so that parsing has a bound. */
  private static final int MAX_CHARACTERS = 512;

  private ScoreText() {}

  /** The number that the word is, or NaN if it is none (the word {@code nan} is none either). */
  public static double parse(Slice word) {
    int length = word.length();
    int at = 0;
    boolean negative = false;
    if (length > 0 && (word.get(0) == '-' || word.get(0) == '+')) {
      negative = word.get(0) == '-';
      at = 1;
    }
    long digits = 0;
    int count = 0;
    int point = -1;
    for (; at < length && count <= EXACT_DIGITS; at++) {
      byte c = word.get(at);
      if (c >= '0' && c <= '9') {
        digits = digits * 10 + (c - '0');
        count++;
      } else if (c == '.' && point < 0) {
        point = count;
      } else {
        return parseRare(word);
      }
    }
    if (at < length || count == 0 || count > EXACT_DIGITS) {
      return parseRare(word);
    }
    double value = point < 0 ? digits : digits / POWERS[count - point];
    return negative ? -value : value;
  }

  /**
   * A bound of a range of scores, as Redis reads it: C's {@code strtod}, which skips spaces before
   * the number, stops at a zero byte, makes an infinity of what is too large, and 0 of nothing.
   *
   * @return NaN if it is no number
   */
  static double parseBound(String word) {
    int end = word.indexOf(0);
    String text = end < 0 ? word : word.substring(0, end);
    if (text.isEmpty()) {
      return 0;
    }
    int at = 0;
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    return parseText(text.substring(at), true);
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c >= '\t' && c <= '\r';
  }

  /** Exponents, many digits, infinities and hexadecimal numbers: through the JDK, after a check. */
  private static double parseRare(Slice word) {
    return word.length() > MAX_CHARACTERS ? Double.NaN : parseText(word.toString(), false);
  }

  /**
   * The number that the text is, or NaN.
   *
   * @param lossy whether numbers too large or too small for a double become infinity or 0
   */
  private static double parseText(String text, boolean lossy) {
    if (text.isEmpty() || text.length() > MAX_CHARACTERS) {
      return Double.NaN;
    }
    if (text.length() == 1 && !Character.isDigit(text.charAt(0))) {
      return Double.NaN;
    }
    String unsigned = text.charAt(0) == '-' || text.charAt(0) == '+' ? text.substring(1) : text;
    double sign = text.charAt(0) == '-' ? -1 : 1;
    String lower = unsigned.toLowerCase(Locale.ROOT);
    if (lower.equals("inf") || lower.equals("infinity")) {
      return sign * Double.POSITIVE_INFINITY;
    }
    boolean hex = lower.startsWith("0x");
    if (!hasOnly(lower, hex ? "0123456789abcdefxp+-." : "0123456789e+-.")) {
      return Double.NaN;
    }
    if (hex && lower.indexOf('p') < 0) {
      lower += "p0";
    }
    if (lower.charAt(0) == '+' || lower.charAt(0) == '-') {
      return Double.NaN;
    }
    try {
      double value = Double.parseDouble(lower);
      // strtod reports a number out of range, and Redis refuses it; so does it when all was lost.
      boolean lost = Double.isInfinite(value) || value == 0 && hasNonZeroDigit(lower, hex);
      return lost && !lossy ? Double.NaN : sign * value;
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  private static boolean hasOnly(String text, String allowed) {
    for (int i = 0; i < text.length(); i++) {
      if (allowed.indexOf(text.charAt(i)) < 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasNonZeroDigit(String text, boolean hex) {
    char exponent = hex ? 'p' : 'e';
    for (int i = hex ? 2 : 0; i < text.length() && text.charAt(i) != exponent; i++) {
      char c = text.charAt(i);
      if (c != '0' && c != '.') {
        return true;
      }
    }
    return false;
  }

  /**
   * C's {@code %.17g}: 3 is {@code 3}, 0.5 is {@code 0.5}, and 3.1 is {@code 3.1000000000000001}.
   */
  public static String format(double score) {
    if (Double.isNaN(score)) {
      return "nan";
    }
    if (Double.isInfinite(score)) {
      return score > 0 ? "inf" : "-inf";
    }
    if (score == 0) {
      return 1 / score < 0 ? "-0" : "0";
    }
    if (score == Math.rint(score) && Math.abs(score) < EXACT_LONG) {
      return Long.toString((long) score);
    }
    BigDecimal rounded = new BigDecimal(Math.abs(score)).round(ROUNDING).stripTrailingZeros();
    String digits = rounded.unscaledValue().toString();
    int exponent = digits.length() - 1 - rounded.scale();
    StringBuilder text = new StringBuilder(score < 0 ? "-" : "");
    if (exponent >= -4 && exponent < DIGITS) {
      return text.append(rounded.toPlainString()).toString();
    }
    text.append(digits.charAt(0));
    if (digits.length() > 1) {
      text.append('.').append(digits, 1, digits.length());
    }
    text.append('e').append(exponent < 0 ? '-' : '+');
    return text.append(Math.abs(exponent) < 10 ? "0" : "").append(Math.abs(exponent)).toString();
  }
}
