package org.chronolith.replicationlog;

/**
 * What the log tells the outside. Implementations must be quick, must not throw, and must not call
 * back into the log except to read offsets.
 */
public interface LogListener {
  /** Every byte below {@code offset} is on disk. Thread: log-sync. */
  default void durable(long offset) {}

  /** A force took this long. Thread: log-sync. */
  default void synced(long bytes, long durationNanos) {}

  /**
   * Forcing a file failed. Final: what is not durable now never will be, {@link
   * ReplicationLog#canAppend} says no from now on, and nothing is forced again. Thread: log-sync.
   */
  default void syncFailed(Throwable cause) {}

  /**
   * Space was reserved ahead again after {@link ReplicationLog#canAppend} had said no, or after one
   * of the two below. Thread: log-prepare.
   */
  default void spaceReserved() {}

  /**
   * The volume, or a quota, has no space to reserve; tried again while needed. Thread: log-prepare.
   */
  default void spaceRefused(String reason) {}

  /**
   * Space could not be reserved, or a new segment not be made, for another reason than a want of
   * space: the disk fails, say. Tried again while needed. Thread: log-prepare.
   */
  default void reserveFailed(String reason) {}

  /** Segments were removed; the log now starts at {@code startOffset}. Thread: log-prepare. */
  default void trimmed(long startOffset, int segments, long bytes) {}

  /**
   * A segment below {@code endOffset} is damaged, as no crash leaves it. It can be dropped once a
   * snapshot ends at or behind that. Each round of the scrub tells it; a reader that meets it does
   * if nobody has before. Thread: log-scrub, or the reader's.
   */
  default void damaged(String problem, long endOffset) {}

  /** A round of verifying old segments has ended. Thread: log-scrub. */
  default void scrubbed(ScrubStatus status) {}

  /** Something an operator should read. Thread: any of the log's. */
  default void warning(String message, Throwable cause) {}

  /** A listener that does nothing. */
  static LogListener none() {
    return new LogListener() {};
  }
}
