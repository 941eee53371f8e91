package org.chronolith.server.config;

/**
 * Redis's glob patterns without regard to case: {@code * ? [abc] [^a] [a-z] \x}. Time is bounded by
 * pattern length times text length.
 */
final class Glob {

  private final String pattern;

  Glob(String pattern) {
    this.pattern = pattern;
  }

  static boolean isPattern(String text) {
    return text.indexOf('*') >= 0 || text.indexOf('?') >= 0 || text.indexOf('[') >= 0;
  }

  boolean matches(String text) {
    int p = 0;
    int t = 0;
    int starAt = -1;
    int retryAt = 0;
    while (t < text.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        starAt = p++;
        retryAt = t;
        continue;
      }
      int next = p < pattern.length() ? matchOne(p, text.charAt(t)) : -1;
      if (next >= 0) {
        p = next;
        t++;
      } else if (starAt >= 0) {
        p = starAt + 1;
        t = ++retryAt;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }

  /** The index behind the element at {@code p} if it matches {@code c}, else -1. */
  private int matchOne(int p, char c) {
    char element = pattern.charAt(p);
    if (element == '?') {
      return p + 1;
    }
    if (element == '[') {
      return matchClass(p + 1, lower(c));
    }
    if (element == '\\' && p + 1 < pattern.length()) {
      p++;
    }
    return lower(pattern.charAt(p)) == lower(c) ? p + 1 : -1;
  }

  private int matchClass(int p, char c) {
    boolean negated = p < pattern.length() && pattern.charAt(p) == '^';
    if (negated) {
      p++;
    }
    boolean found = false;
    while (p < pattern.length() && pattern.charAt(p) != ']') {
      if (pattern.charAt(p) == '\\' && p + 1 < pattern.length()) {
        p++;
        found |= lower(pattern.charAt(p)) == c;
      } else if (p + 2 < pattern.length() && pattern.charAt(p + 1) == '-') {
        char from = lower(pattern.charAt(p));
        char to = lower(pattern.charAt(p + 2));
        found |= c >= Math.min(from, to) && c <= Math.max(from, to);
        p += 2;
      } else {
        found |= lower(pattern.charAt(p)) == c;
      }
      p++;
    }
    // A class that is not closed ends with the pattern, as in Redis.
    int after = Math.min(p + 1, pattern.length());
    return found != negated ? after : -1;
  }

  private static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
  }
}
