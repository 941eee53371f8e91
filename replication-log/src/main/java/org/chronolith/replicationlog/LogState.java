package org.chronolith.replicationlog;

import java.util.Arrays;

/**
 * What the engine thread publishes to all others. Only it writes here, except for {@link #fail}.
 */
final class LogState {
  private volatile Segment[] segments;
  private volatile long endOffset;
  private volatile History history;
  private volatile long identities;
  private volatile long commits;
  private volatile Throwable failure;
  private volatile boolean broken;

  LogState(Segment[] segments, long endOffset, History history) {
    this.segments = segments;
    this.endOffset = endOffset;
    this.history = history;
  }

  /** In the order of the stream; never modified in place. */
  Segment[] segments() {
    return segments;
  }

  long startOffset() {
    return segments[0].startOffset;
  }

  long endOffset() {
    return endOffset;
  }

  History history() {
    return history;
  }

  /** Number of identity records appended since the log was opened. */
  long identities() {
    return identities;
  }

  /** Why the log accepts nothing more, or null. */
  Throwable failure() {
    return failure;
  }

  /** An append failed: what was half-written must stay the last thing. */
  void fail(Throwable cause) {
    broken = true;
    forceFailed(cause);
  }

  /**
   * A force failed: nothing is durable any more. Only what was applied before this was known is
   * still appended, so that the log and the data agree.
   */
  void forceFailed(Throwable cause) {
    if (failure == null) {
      failure = cause;
    }
  }

  /** Whether nothing at all can be appended any more. */
  boolean broken() {
    return broken;
  }

  /** Number of commits since the log was opened, those without stream bytes included. */
  long commits() {
    return commits;
  }

  void committed(long newEndOffset) {
    endOffset = newEndOffset;
    commits = commits + 1;
  }

  void identity(History newHistory) {
    history = newHistory;
    identities = identities + 1;
  }

  void add(Segment segment) {
    Segment[] old = segments;
    Segment[] grown = Arrays.copyOf(old, old.length + 1);
    grown[old.length] = segment;
    segments = grown;
  }

  /** Takes the oldest {@code count} segments out and returns them. */
  Segment[] removeFirst(int count) {
    Segment[] old = segments;
    segments = Arrays.copyOfRange(old, count, old.length);
    return Arrays.copyOf(old, count);
  }

  /** Whether the segment that is appended to is known to be damaged. */
  boolean isNewestDamaged() {
    Segment[] all = segments;
    return all.length > 0 && all[all.length - 1].damage() != null;
  }

  /** Offset behind what can be in {@code segment}: so far, for the newest one. */
  long endOf(Segment segment) {
    return segment.sealed ? segment.endOffset : endOffset;
  }

  /** The newest segment that starts at or below {@code offset}. */
  Segment segmentFor(long offset) {
    Segment[] all = segments;
    Segment found = null;
    int low = 0;
    int high = all.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (all[middle].startOffset <= offset) {
        found = all[middle];
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return found;
  }

  /** The segment that follows {@code segment}, or null if none does. */
  Segment after(Segment segment) {
    Segment[] all = segments;
    int at = all.length - 1;
    Segment next = null;
    while (at >= 0 && all[at].sequence > segment.sequence) {
      next = all[at];
      at--;
    }
    return next;
  }
}
