package org.chronolith.server.command;

import org.chronolith.engine.Slice;

/**
 * Redis's glob patterns over bytes: {@code * ? [abc] [^a] [a-z] \x}. A star backtracks to the last
 * star only, so that the time is bounded by the product of the lengths.
 */
public final class GlobPattern {
  private final byte[] pattern;
  private final boolean matchesAll;
  private int classEnd;

  public GlobPattern(byte[] pattern) {
    this.pattern = pattern;
    matchesAll = pattern.length == 1 && pattern[0] == '*';
  }

  /** Whether every text matches. */
  public boolean matchesAll() {
    return matchesAll;
  }

  /** Whether the whole of {@code text} matches. */
  public boolean matches(Slice text) {
    if (matchesAll) {
      return true;
    }
    int p = 0;
    int t = 0;
    int starP = -1;
    int starT = 0;
    while (t < text.length()) {
      if (p < pattern.length && pattern[p] == '*') {
        starP = ++p;
        starT = t;
        continue;
      }
      int next = p < pattern.length ? matchOne(p, text.get(t)) : -1;
      if (next >= 0) {
        p = next;
        t++;
      } else if (starP >= 0) {
        p = starP;
        t = ++starT;
      } else {
        return false;
      }
    }
    while (p < pattern.length && pattern[p] == '*') {
      p++;
    }
    return p == pattern.length;
  }

  /** Index behind the element at {@code p} if it matches {@code b}, else -1. */
  private int matchOne(int p, byte b) {
    switch (pattern[p]) {
      case '?':
        return p + 1;
      case '[':
        return matchClass(p + 1, b & 0xff) ? classEnd : -1;
      case '\\':
        if (p + 1 < pattern.length) {
          return pattern[p + 1] == b ? p + 2 : -1;
        }
        return b == '\\' ? p + 1 : -1;
      default:
        return pattern[p] == b ? p + 1 : -1;
    }
  }

  /** Leaves the index behind the class in {@link #classEnd}; an unclosed class ends the pattern. */
  private boolean matchClass(int start, int b) {
    int p = start;
    boolean negated = p < pattern.length && pattern[p] == '^';
    if (negated) {
      p++;
    }
    boolean found = false;
    while (p < pattern.length && pattern[p] != ']') {
      if (pattern[p] == '\\' && p + 1 < pattern.length) {
        p++;
        found |= (pattern[p] & 0xff) == b;
        p++;
      } else if (p + 2 < pattern.length && pattern[p + 1] == '-') {
        int low = Math.min(pattern[p] & 0xff, pattern[p + 2] & 0xff);
        int high = Math.max(pattern[p] & 0xff, pattern[p + 2] & 0xff);
        found |= b >= low && b <= high;
        p += 3;
      } else {
        found |= (pattern[p] & 0xff) == b;
        p++;
      }
    }
    classEnd = Math.min(p + 1, pattern.length);
    return found != negated;
  }
}
