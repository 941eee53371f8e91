package org.chronolith.engine.keyspace;

import java.util.Arrays;

/**
 * What the one-byte marks of entries and elements mean. No mark value has a meaning of its own:
 *
 * <ul>
 *   <li>{@code clean}: stored as it is;
 *   <li>{@code current}: changed (or made) since the latest snapshot was marked, or since ever;
 *   <li>any other: changed before the running snapshot's mark and not yet written; if no snapshot
 *       is running, an aborted one left it behind.
 * </ul>
 *
 * So a snapshot begins by choosing an unused value for {@code current}, which turns all that has
 * changed into what is due, in one step. And to have everything written anew, an unused value for
 * {@code clean} is chosen. When a walk has gone through, only {@code clean} and {@code current} are
 * left; each aborted one leaves one more value in use.
 */
final class Marks {
  private static final int VALUES = 256;

  private final boolean[] used = new boolean[VALUES];
  private int usedCount = 2;
  private byte clean = 0;
  private byte current = 1;
  private byte settled;
  private boolean walking;
  private boolean settling;

  Marks() {
    used[0] = true;
    used[1] = true;
  }

  byte clean() {
    return clean;
  }

  /** What a mark becomes once the running walk has seen to it. */
  byte written() {
    return settling ? settled : clean;
  }

  /** Whether the running walk writes nothing, see {@link #beginSettling}. */
  boolean settling() {
    return settling;
  }

  byte current() {
    return current;
  }

  boolean isDue(byte mark) {
    return walking && mark != clean && mark != current;
  }

  /** Whether {@link #begin} has the values it needs. */
  boolean canBegin() {
    return usedCount <= VALUES - 2;
  }

  /** The moment of a snapshot. REQUIRES: {@link #canBegin}, no walk is running. */
  void begin(boolean full) {
    current = unused();
    if (full) {
      clean = unused();
    }
    walking = true;
  }

  /**
   * Begins a walk that writes nothing and gives all marks left behind by aborted snapshots one and
   * the same value, so that the others can be used again. REQUIRES: no walk is running.
   */
  void beginSettling() {
    int value = 0;
    while (!used[value] || (byte) value == clean || (byte) value == current) {
      value++;
    }
    settled = (byte) value;
    walking = true;
    settling = true;
  }

  void complete() {
    walking = false;
    Arrays.fill(used, false);
    used[clean & 0xFF] = true;
    used[current & 0xFF] = true;
    usedCount = 2;
    if (settling) {
      used[settled & 0xFF] = true;
      usedCount = 3;
      settling = false;
    }
  }

  void abort() {
    walking = false;
    settling = false;
  }

  private byte unused() {
    int value = 0;
    while (used[value]) {
      value++;
    }
    used[value] = true;
    usedCount++;
    return (byte) value;
  }
}
