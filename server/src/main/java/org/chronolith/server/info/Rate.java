package org.chronolith.server.info;

import java.util.Arrays;

/**
 * How fast a counter grows: the mean over the last 16 samples, as Redis computes its {@code
 * instantaneous_…} fields.
 */
final class Rate {

  private static final int SAMPLES = 16;

  private final double[] perSecond = new double[SAMPLES];
  private int next;
  private long lastValue;
  private long lastNanos;
  private boolean started;

  void sample(long value, long nowNanos) {
    if (!started || value < lastValue) {
      // The first sample, or the counter was reset.
      started = true;
    } else if (nowNanos > lastNanos) {
      perSecond[next] = (value - lastValue) * 1e9 / (nowNanos - lastNanos);
      next = (next + 1) % SAMPLES;
    }
    lastValue = value;
    lastNanos = nowNanos;
  }

  double perSecond() {
    double sum = 0;
    for (double one : perSecond) {
      sum += one;
    }
    return sum / SAMPLES;
  }

  void reset() {
    Arrays.fill(perSecond, 0);
  }
}
