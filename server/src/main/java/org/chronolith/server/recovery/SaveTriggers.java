package org.chronolith.server.recovery;

import java.util.List;
import org.chronolith.server.config.SaveRule;

/**
 * When a snapshot is due by itself: {@code save} rules as in Redis, and the growth of the log,
 * which bounds what the next start has to replay.
 */
final class SaveTriggers {
  /** After a failure, as in Redis: no attempt for so long. Each further one doubles it. */
  static final long RETRY_AFTER_FAILURE_MS = 5_000;

  /** After a failure for want of space, once there is some. Each further one doubles it. */
  static final long RETRY_WITH_SPACE_MS = 500;

  static final long LONGEST_RETRY_WITH_SPACE_MS = 32_000;

  static final long LONGEST_RETRY_MS = 300_000;

  /** So much log at least must come free for a snapshot on account of the volume. */
  static final long LEAST_LOG_BYTES = 16L << 20;

  private SaveTriggers() {}

  /**
   * @param logBytes stream bytes since the last snapshot's offset
   * @param triggerLogBytes 0 for never
   * @param spaceLow whether the volume has less free than it should
   * @return why a snapshot is due; null if none is
   */
  static String due(
      List<SaveRule> rules,
      long changes,
      long sinceLastSaveMs,
      long logBytes,
      long triggerLogBytes,
      boolean spaceLow) {
    for (SaveRule rule : rules) {
      if (changes >= rule.changes() && sinceLastSaveMs > rule.seconds() * 1000) {
        return rule.changes() + " changes in " + rule.seconds() + " seconds";
      }
    }
    if (triggerLogBytes > 0 && logBytes >= triggerLogBytes) {
      return "the log grew by " + logBytes + " bytes";
    }
    if (spaceLow && logBytes >= LEAST_LOG_BYTES) {
      return "the volume is nearly full, and the log grew by " + logBytes + " bytes";
    }
    return null;
  }

  /** How long to wait after so many failures in a row, where there seems to be space again. */
  static long retryWithSpaceAfterMs(int failures) {
    return Math.min(LONGEST_RETRY_WITH_SPACE_MS, RETRY_WITH_SPACE_MS << Math.min(10, failures - 1));
  }

  /** How long to wait after so many failures in a row. */
  static long retryAfterMs(int failures) {
    return Math.min(LONGEST_RETRY_MS, RETRY_AFTER_FAILURE_MS << Math.min(10, failures - 1));
  }
}
