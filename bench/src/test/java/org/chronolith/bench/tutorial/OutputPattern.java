package org.chronolith.bench.tutorial;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Compares what a command printed with what the tutorial says. {@code …} in a line stands for any
 * characters of that line; a line of nothing else stands for any number of lines.
 */
final class OutputPattern {

  private static final String WILDCARD = "…";

  private OutputPattern() {}

  /** Whether the lines are the expected ones, all of them. */
  static boolean matches(List<String> expected, List<String> actual) {
    if (expected.isEmpty()) {
      return actual.isEmpty();
    }
    String first = expected.get(0);
    List<String> rest = expected.subList(1, expected.size());
    if (!first.equals(WILDCARD)) {
      return !actual.isEmpty()
          && linePattern(first).matcher(actual.get(0)).matches()
          && matches(rest, actual.subList(1, actual.size()));
    }
    for (int skipped = 0; skipped <= actual.size(); skipped++) {
      if (matches(rest, actual.subList(skipped, actual.size()))) {
        return true;
      }
    }
    return false;
  }

  private static Pattern linePattern(String line) {
    StringBuilder pattern = new StringBuilder();
    String[] parts = line.split(WILDCARD, -1);
    for (int i = 0; i < parts.length; i++) {
      pattern.append(i == 0 ? "" : ".*").append(Pattern.quote(parts[i]));
    }
    return Pattern.compile(pattern.toString());
  }
}
