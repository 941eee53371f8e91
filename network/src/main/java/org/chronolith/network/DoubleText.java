package org.chronolith.network;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;

/**
 * Doubles as redis-server 7.0 prints scores: C's {@code %.17g}, and {@code inf}, {@code -inf},
 * {@code nan}. So 3 is {@code 3}, 0.5 is {@code 0.5}, and 3.1 is {@code 3.1000000000000001}.
 */
public final class DoubleText {
  private static final int DIGITS = 17;
  private static final MathContext ROUNDING = new MathContext(DIGITS, RoundingMode.HALF_EVEN);
  private static final double EXACT_LONG = 1e17;

  private DoubleText() {}

  /** The text of {@code value}. */
  public static String of(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    if (isLong(value)) {
      return Long.toString((long) value);
    }
    StringBuilder text = new StringBuilder(26);
    if (value < 0) {
      text.append('-');
    }
    BigDecimal rounded = new BigDecimal(Math.abs(value)).round(ROUNDING);
    String digits = rounded.unscaledValue().toString();
    int exponent = digits.length() - 1 - rounded.scale();
    int length = digits.length();
    while (length > 1 && digits.charAt(length - 1) == '0') {
      length--;
    }
    digits = digits.substring(0, Math.min(length, DIGITS));
    if (exponent < -4 || exponent >= DIGITS) {
      scientific(text, digits, exponent);
    } else {
      fixed(text, digits, exponent);
    }
    return text.toString();
  }

  /** {@link #of} as bytes. */
  public static byte[] bytes(double value) {
    return of(value).getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Whether {@code value} prints as the digits of a long. */
  static boolean isLong(double value) {
    return value == Math.rint(value)
        && Math.abs(value) < EXACT_LONG
        && (value != 0 || 1 / value > 0);
  }

  private static void scientific(StringBuilder text, String digits, int exponent) {
    text.append(digits.charAt(0));
    if (digits.length() > 1) {
      text.append('.').append(digits, 1, digits.length());
    }
    int magnitude = Math.abs(exponent);
    text.append('e').append(exponent < 0 ? '-' : '+');
    if (magnitude < 10) {
      text.append('0');
    }
    text.append(magnitude);
  }

  private static void fixed(StringBuilder text, String digits, int exponent) {
    if (exponent < 0) {
      text.append("0.");
      text.append("0".repeat(-exponent - 1));
      text.append(digits);
      return;
    }
    int whole = exponent + 1;
    if (digits.length() <= whole) {
      text.append(digits).append("0".repeat(whole - digits.length()));
    } else {
      text.append(digits, 0, whole).append('.').append(digits, whole, digits.length());
    }
  }
}
