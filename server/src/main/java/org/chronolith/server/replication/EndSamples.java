package org.chronolith.server.replication;

/**
 * Where the stream's end was at which time, in a bounded number of samples: the further back, the
 * coarser. Thread: engine.
 */
final class EndSamples {
  static final int MOST = 1024;

  private final long[] times = new long[MOST];
  private final long[] ends = new long[MOST];
  private int count;

  /** The end is at {@code endOffset} now. Times and offsets only grow. */
  void add(long nowMs, long endOffset) {
    if (count > 0 && ends[count - 1] == endOffset) {
      times[count - 1] = nowMs;
      return;
    }
    if (count == MOST) {
      thin();
    }
    times[count] = nowMs;
    ends[count] = endOffset;
    count++;
  }

  /** Drops every second sample of the older half. */
  private void thin() {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (i >= MOST / 2 || i % 2 == 0) {
        times[kept] = times[i];
        ends[kept] = ends[i];
        kept++;
      }
    }
    count = kept;
  }

  /** The last known time at which the end was at most at {@code offset}; 0 if none is known. */
  long reachedMs(long offset) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ends[middle] <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == 0 ? 0 : times[low - 1];
  }

  /** The stream is another one. */
  void clear() {
    count = 0;
  }
}
