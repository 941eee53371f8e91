package org.chronolith.server.recovery;

import java.util.List;
import org.chronolith.server.config.SaveRule;

/**
 * When a snapshot is due by itself: {@code save} rules as in Redis, and the growth of the log,
 * which bounds what the next start has to replay.
 */
final class SaveTriggers {
  /** After a failure, as in Redis: no attempt for so long. */
  static final long RETRY_AFTER_FAILURE_MS = 5_000;

  private SaveTriggers() {}

  /**
   * @param logBytes stream bytes since the last snapshot's offset
   * @param triggerLogBytes 0 for never
   * @return why a snapshot is due; null if none is
   */
  static String due(
      List<SaveRule> rules,
      long changes,
      long sinceLastSaveMs,
      long logBytes,
      long triggerLogBytes) {
    for (SaveRule rule : rules) {
      if (changes >= rule.changes() && sinceLastSaveMs > rule.seconds() * 1000) {
        return rule.changes() + " changes in " + rule.seconds() + " seconds";
      }
    }
    if (triggerLogBytes > 0 && logBytes >= triggerLogBytes) {
      return "the log grew by " + logBytes + " bytes";
    }
    return null;
  }
}
