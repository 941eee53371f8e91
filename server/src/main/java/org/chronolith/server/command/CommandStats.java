package org.chronolith.server.command;

import org.HdrHistogram.Histogram;

/**
 * What {@code INFO commandstats} says of one command. Plain fields: the engine thread alone writes
 * them; readers on other threads see a recent value.
 */
public final class CommandStats {
  /** Executions, failed ones included. */
  public long calls;

  /** Total time of the executions, in nanoseconds. */
  public long nanos;

  /** Refused before they ran. */
  public long rejectedCalls;

  /** Ran and answered with an error. */
  public long failedCalls;

  /** Longer times count as this one, as in Redis: 1 s. */
  private static final long MOST_NANOS = 1_000_000_000L;

  private Histogram histogram;

  /**
   * Counts an execution.
   *
   * @param tracked whether its time goes into the histogram, too ({@code latency-tracking})
   */
  void ran(long elapsedNanos, boolean tracked) {
    calls++;
    nanos += elapsedNanos;
    if (tracked) {
      if (histogram == null) {
        // Redis's bounds and precision: two digits.
        histogram = new Histogram(1, MOST_NANOS, 2);
      }
      histogram.recordValue(Math.min(MOST_NANOS, elapsedNanos));
    }
  }

  /** The distribution of times in ns, for {@code INFO latencystats}; null before the first. */
  public Histogram histogram() {
    return histogram;
  }

  /** Forgets everything ({@code CONFIG RESETSTAT}). */
  public void reset() {
    calls = 0;
    nanos = 0;
    rejectedCalls = 0;
    failedCalls = 0;
    histogram = null;
  }
}
