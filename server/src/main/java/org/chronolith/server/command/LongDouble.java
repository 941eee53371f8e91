package org.chronolith.server.command;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import org.chronolith.engine.Slice;

/**
 * A number as INCRBYFLOAT and HINCRBYFLOAT of redis-server on x86-64 reckon: 64 bits of
 * significance, up to 10^4932, and 17 decimals when it is written. So both give the same digits.
 *
 * <p>Immutable. Not hot: it allocates.
 */
public final class LongDouble {
  /** Most characters of a number, as Redis reads and writes them. */
  public static final int LONGEST = 5 * 1024 - 1;

  public static final LongDouble ZERO = new LongDouble(BigDecimal.ZERO);

  private static final LongDouble INFINITE = new LongDouble(null);
  private static final int DECIMALS = 17;
  private static final int SIGNIFICANT_BITS = 64;
  private static final int MOST_BITS = 16_384;

  /** Powers of ten of the greatest and of the least number that are not infinite or zero. */
  private static final int GREATEST_POWER = 4932;

  private static final int LEAST_POWER = -4951;
  private static final BigInteger FIVE = BigInteger.valueOf(5);

  /** Null if infinite. */
  private final BigDecimal value;

  private LongDouble(BigDecimal value) {
    this.value = value;
  }

  /**
   * Reads decimal digits with a sign, a point and an exponent, or {@code inf}.
   *
   * @throws CommandException {@code error} when it is anything else, or out of range
   */
  public static LongDouble read(Slice word, CommandException error) {
    if (word.length() == 0 || word.length() > LONGEST) {
      throw error;
    }
    String text = word.toString();
    String unsigned = text.charAt(0) == '-' || text.charAt(0) == '+' ? text.substring(1) : text;
    if (unsigned.equalsIgnoreCase("inf") || unsigned.equalsIgnoreCase("infinity")) {
      return INFINITE;
    }
    BigDecimal exact;
    try {
      exact = new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw error;
    }
    if (exact.signum() == 0) {
      return ZERO;
    }
    long power = (long) exact.precision() - exact.scale() - 1;
    if (power > GREATEST_POWER || power < LEAST_POWER) {
      throw error;
    }
    LongDouble rounded = rounded(exact);
    if (rounded.isInfinite()) {
      throw error;
    }
    return rounded;
  }

  public boolean isInfinite() {
    return value == null;
  }

  /** The sum, which may be infinite. */
  public LongDouble plus(LongDouble other) {
    return isInfinite() || other.isInfinite() ? INFINITE : rounded(value.add(other.value));
  }

  /** The number as it is stored and replied. REQUIRES: it is not infinite. */
  public byte[] digits() {
    BigDecimal written = value.setScale(DECIMALS, RoundingMode.HALF_EVEN).stripTrailingZeros();
    String text = written.signum() == 0 ? "0" : written.toPlainString();
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** To the significant bits, half to even. */
  private static LongDouble rounded(BigDecimal exact) {
    if (exact.signum() == 0) {
      return ZERO;
    }
    BigInteger dividend = exact.unscaledValue().abs();
    BigInteger divisor = BigInteger.ONE;
    if (exact.scale() > 0) {
      divisor = BigInteger.TEN.pow(exact.scale());
    } else {
      dividend = dividend.multiply(BigInteger.TEN.pow(-exact.scale()));
    }
    // The quotient then has one or two bits more than are significant.
    int shift = SIGNIFICANT_BITS + 1 - (dividend.bitLength() - divisor.bitLength());
    if (shift > 0) {
      dividend = dividend.shiftLeft(shift);
    } else {
      divisor = divisor.shiftLeft(-shift);
    }
    BigInteger[] quotient = dividend.divideAndRemainder(divisor);
    // What is left of the division only matters where the bits cut off are a half.
    BigInteger bits = quotient[0].shiftLeft(1);
    bits = quotient[1].signum() == 0 ? bits : bits.setBit(0);
    int cut = bits.bitLength() - SIGNIFICANT_BITS;
    BigInteger kept = bits.shiftRight(cut);
    BigInteger half = BigInteger.ONE.shiftLeft(cut - 1);
    int compared = bits.subtract(kept.shiftLeft(cut)).compareTo(half);
    if (compared > 0 || compared == 0 && kept.testBit(0)) {
      kept = kept.add(BigInteger.ONE);
    }
    return of(exact.signum() < 0 ? kept.negate() : kept, cut - 1 - shift);
  }

  /** {@code bits} times two to the power of {@code exponent}. */
  private static LongDouble of(BigInteger bits, int exponent) {
    if (bits.bitLength() + exponent > MOST_BITS) {
      return INFINITE;
    }
    if (exponent >= 0) {
      return new LongDouble(new BigDecimal(bits.shiftLeft(exponent)));
    }
    return new LongDouble(new BigDecimal(bits.multiply(FIVE.pow(-exponent)), -exponent));
  }
}
