package org.chronolith.server.replication;

import java.util.function.Consumer;

/**
 * How far a data set is on its way, with a line for the log at each tenth, though no more than one
 * a second, and every five seconds in any case.
 *
 * <p>Thread: the replication loop, but for {@link #doneBytes} and {@link #totalBytes}.
 */
final class SyncProgress {
  private static final long LEAST_MS = 1_000;
  private static final long MOST_MS = 5_000;
  private static final int STEP_PERCENT = 10;

  private final String what;
  private final Consumer<String> lines;
  private final long totalBytes;
  private final long startBytes;
  private final long startMs;
  private volatile long doneBytes;
  private long toldMs;
  private int toldPercent;

  /**
   * @param what begins each line
   * @param totalBytes 0 if nobody knows how many will come
   * @param doneBytes that need not be sent
   */
  SyncProgress(String what, Consumer<String> lines, long totalBytes, long doneBytes, long nowMs) {
    this.what = what;
    this.lines = lines;
    this.totalBytes = totalBytes;
    this.startBytes = doneBytes;
    this.startMs = nowMs;
    this.doneBytes = doneBytes;
    toldMs = nowMs;
    toldPercent = percent();
  }

  String what() {
    return what;
  }

  long totalBytes() {
    return totalBytes;
  }

  long doneBytes() {
    return doneBytes;
  }

  void add(long bytes, long nowMs) {
    doneBytes = doneBytes + bytes;
    long sinceMs = nowMs - toldMs;
    if (sinceMs >= MOST_MS || (sinceMs >= LEAST_MS && percent() >= toldPercent + STEP_PERCENT)) {
      toldMs = nowMs;
      toldPercent = percent();
      String far =
          totalBytes == 0
              ? doneBytes + " bytes"
              : percent() + " %, " + doneBytes + " of " + totalBytes + " bytes";
      double speed = (doneBytes - startBytes) / 1000.0 / Math.max(1, nowMs - startMs);
      lines.accept(String.format("%s: %s, %.1f MB/s", what, far, speed));
    }
  }

  private int percent() {
    return totalBytes == 0 ? 100 : (int) (Math.min(doneBytes, totalBytes) * 100 / totalBytes);
  }
}
