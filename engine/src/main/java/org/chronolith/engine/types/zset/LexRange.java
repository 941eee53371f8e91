package org.chronolith.engine.types.zset;

import org.chronolith.engine.Slice;
import org.chronolith.engine.structure.StoredBytes;

/**
 * A range of members by their bytes, as {@code ZRANGEBYLEX} takes it; empty if the minimum is
 * above. It looks at the words that it was read from: valid as long as they are.
 */
public record LexRange(Bound min, Bound max) {
  /**
   * One end of a range.
   *
   * @param infinite -1 for {@code -}, 1 for {@code +}, else 0
   * @param exclusive whether the member itself is not in the range
   * @param member null if infinite
   */
  public record Bound(int infinite, boolean exclusive, Slice member) {
    boolean isInfinite() {
      return infinite != 0;
    }

    boolean isBelowAll() {
      return infinite < 0;
    }

    /** How a member compares with the bound: never equal to an infinite one. */
    private int compare(StoredBytes other) {
      return infinite == 0 ? other.compare(member) : -infinite;
    }

    private static Bound parse(Slice word) {
      if (word.length() == 0) {
        return null;
      }
      return switch (word.get(0)) {
        case '+' -> infinite(word, 1);
        case '-' -> infinite(word, -1);
        case '(' -> new Bound(0, true, rest(word));
        case '[' -> new Bound(0, false, rest(word));
        default -> null;
      };
    }

    /** Redis looks no further than a zero byte here. */
    private static Bound infinite(Slice word, int sign) {
      return word.length() == 1 || word.get(1) == 0 ? new Bound(sign, true, null) : null;
    }

    private static Slice rest(Slice word) {
      return new Slice(word.buffer(), word.offset() + 1, word.length() - 1);
    }
  }

  /**
   * Reads two bounds: {@code -}, {@code +}, {@code [member} or {@code (member}.
   *
   * @return null if one is none of them
   */
  public static LexRange parse(Slice min, Slice max) {
    Bound low = Bound.parse(min);
    Bound high = Bound.parse(max);
    return low == null || high == null ? null : new LexRange(low, high);
  }

  /** Whether the range begins above the member. */
  boolean isAbove(StoredBytes member) {
    int compared = min.compare(member);
    return min.exclusive ? compared <= 0 : compared < 0;
  }

  /** Whether the range ends below the member. */
  boolean isBelow(StoredBytes member) {
    int compared = max.compare(member);
    return max.exclusive ? compared >= 0 : compared > 0;
  }
}
