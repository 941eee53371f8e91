package org.chronolith.engine.types.zset;

import org.chronolith.engine.Slice;

/** A range of scores, as {@code ZRANGEBYSCORE} takes it; empty if the minimum is above. */
public record ScoreRange(double min, boolean minExclusive, double max, boolean maxExclusive) {
  /**
   * Reads two bounds: numbers, with {@code (} before them if they are excluded.
   *
   * @return null if one is no number
   */
  public static ScoreRange parse(Slice min, Slice max) {
    boolean minExclusive = isExclusive(min);
    boolean maxExclusive = isExclusive(max);
    double low = bound(min, minExclusive);
    double high = bound(max, maxExclusive);
    return Double.isNaN(low) || Double.isNaN(high)
        ? null
        : new ScoreRange(low, minExclusive, high, maxExclusive);
  }

  private static boolean isExclusive(Slice word) {
    return word.length() > 0 && word.get(0) == '(';
  }

  private static double bound(Slice word, boolean exclusive) {
    if (!exclusive) {
      double plain = ScoreText.parse(word);
      if (!Double.isNaN(plain)) {
        return plain;
      }
    }
    return ScoreText.parseBound(word.toString().substring(exclusive ? 1 : 0));
  }
}
