package org.chronolith.server.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * All that happens in a life, in its order, as one number; on demand, line by line. Ids are random,
 * and stand in it by when they were first told of: a life that comes again has the same journal.
 */
final class Journal {
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;
  private static final int SHORT_ID = 6;

  /** A whole id, or the beginning of one, as a node describes itself with it. */
  private static final Pattern ID =
      Pattern.compile("\\b[0-9a-f]{40}\\b|\\b[0-9a-f]{" + SHORT_ID + "}(?= \\[)");

  private final Map<String, String> ids = new HashMap<>();

  /** Null if nobody wants them. */
  private final List<String> lines;

  private final Thread thread = Thread.currentThread();

  /** What has happened on another thread, which may have hidden that it failed; else null. */
  private volatile String elsewhere;

  private long hash = FNV_OFFSET;
  private long count;

  private Journal(List<String> lines) {
    this.lines = lines;
  }

  /** One that has the number alone. */
  static Journal hashed() {
    return new Journal(null);
  }

  /** One that has every line. */
  static Journal written() {
    return new Journal(new ArrayList<>());
  }

  /**
   * Something has happened.
   *
   * @throws AssertionError if anything happens on another thread: nobody knows when it comes to it
   */
  void add(String what, long... facts) {
    if (Thread.currentThread() != thread) {
      elsewhere = what + " happens on " + Thread.currentThread();
    }
    if (elsewhere != null) {
      throw new AssertionError(elsewhere);
    }
    count++;
    for (int i = 0; i < what.length(); i++) {
      add(what.charAt(i));
    }
    for (long fact : facts) {
      add(fact);
    }
    if (lines != null) {
      StringBuilder line = new StringBuilder(what);
      for (long fact : facts) {
        line.append(' ').append(fact);
      }
      lines.add(line.toString());
    }
  }

  private void add(long value) {
    hash = (hash ^ value) * FNV_PRIME;
    hash ^= hash >>> 32;
  }

  /** Something was told of in words, in which there may be ids. */
  void tell(String words) {
    Matcher found = ID.matcher(words);
    add(
        found.replaceAll(
            id ->
                ids.computeIfAbsent(
                    id.group().substring(0, SHORT_ID), first -> "id" + ids.size())));
  }

  /** Of everything so far. */
  long hash() {
    return hash;
  }

  /** How much has happened so far. */
  long count() {
    return count;
  }

  List<String> lines() {
    return List.copyOf(lines);
  }
}
