package org.chronolith.server.write;

import java.util.concurrent.TimeUnit;

/**
 * How old the oldest byte of the log is that is not on disk: never said too young, and little too
 * old: by some {@link #GRAIN_NANOS}, or a few of them after a force that took seconds.
 *
 * <p>A mark says where the log ended at a moment: what lies behind it is younger. Once all that
 * lies before a mark is on disk, the oldest byte that is not is younger than the mark. When there
 * are too many, every second one goes: those of the last moments stay close together.
 *
 * <p>Thread: engine.
 */
final class UnsyncedAge {
  private static final int MOST_MARKS = 32;
  private static final long GRAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final long[] times = new long[MOST_MARKS];
  private final long[] ends = new long[MOST_MARKS];
  private int first;
  private int count;

  /** What is not on disk was appended since. */
  private long since;

  /** Begins anew: what there is so far counts as just appended. */
  void reset(long nowNanos) {
    count = 0;
    since = nowNanos;
  }

  /**
   * To be called now and then, and before each append.
   *
   * @param end offset behind the last byte of the log now
   * @param durable offset behind the last one that is on disk
   */
  void note(long nowNanos, long end, long durable) {
    if (durable >= end) {
      reset(nowNanos);
      return;
    }
    while (count > 0 && ends[first] <= durable) {
      since = times[first];
      first = (first + 1) % MOST_MARKS;
      count--;
    }
    long newest = count == 0 ? since : times[(first + count - 1) % MOST_MARKS];
    if (nowNanos - newest >= GRAIN_NANOS) {
      if (count == MOST_MARKS) {
        thinOut();
      }
      int at = (first + count) % MOST_MARKS;
      times[at] = nowNanos;
      ends[at] = end;
      count++;
    }
  }

  private void thinOut() {
    count /= 2;
    for (int i = 0; i < count; i++) {
      int from = (first + 2 * i + 1) % MOST_MARKS;
      int to = (first + i) % MOST_MARKS;
      times[to] = times[from];
      ends[to] = ends[from];
    }
  }

  /** Of the oldest byte that is not on disk, if one is not; as of the last {@link #note}. */
  long nanos(long nowNanos) {
    return nowNanos - since;
  }
}
