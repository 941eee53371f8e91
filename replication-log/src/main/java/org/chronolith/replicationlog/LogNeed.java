package org.chronolith.replicationlog;

import java.util.Objects;

/**
 * What must be whole for a log to be opened: everything from an offset on, since the state before
 * it is kept elsewhere. Damage below it shortens the log; damage behind it refuses the opening.
 *
 * @param fromOffset verified from here on
 * @param historyThere of the stream at that offset, for a log that has lost what was before it; may
 *     be null
 */
public record LogNeed(long fromOffset, History historyThere) {
  /** All that was ever forced must be there. */
  public static final LogNeed EVERYTHING = new LogNeed(0, null);

  /** Whatever can be had. */
  public static final LogNeed NOTHING = new LogNeed(Long.MAX_VALUE, null);

  /** The stream from a snapshot on. */
  public static LogNeed from(long offset, History historyThere) {
    return new LogNeed(offset, Objects.requireNonNull(historyThere));
  }
}
