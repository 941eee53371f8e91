package org.chronolith.bench.disk;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.process.ServerProcess;

/**
 * A server before, during and after a disturbance.
 *
 * @param scenario {@code full} or {@code slow}
 * @param begins bucket in which each phase begins, and where the last one ends
 */
record DiskRun(String scenario, String server, Timeline timeline, int[] begins) {

  static final List<String> PHASES = List.of("before", "during", "after");

  /** Measures, each phase for so long. */
  static DiskRun measure(
      String scenario,
      ServerProcess server,
      Disturbance disturbance,
      int setsPerSecond,
      int valueBytes,
      double seconds) {
    long phaseMs = Math.max(1, Math.round(seconds * 1000));
    // Twice what is needed: filling a volume and waiting for the hog take time of their own.
    int buckets = (int) (2 * PHASES.size() * phaseMs / 100 + 100);
    int[] begins = new int[PHASES.size() + 1];
    try (Timeline timeline = Timeline.start(server, setsPerSecond, valueBytes, buckets)) {
      // Connections are made and code is compiled.
      pause(phaseMs / 2);
      begins[0] = timeline.now();
      pause(phaseMs);
      begins[1] = timeline.now();
      disturbance.begin();
      pause(phaseMs);
      begins[2] = timeline.now();
      disturbance.end();
      pause(phaseMs);
      begins[3] = timeline.now();
      timeline.finish();
      return new DiskRun(scenario, server.name(), timeline, begins);
    }
  }

  /** Requests per second that were done in a phase. */
  double perSecond(long[] counts, int phase) {
    long sum = 0;
    for (int i = begins[phase]; i < begins[phase + 1]; i++) {
      sum += counts[i];
    }
    return sum * 1e9 / Timeline.BUCKET_NS / Math.max(1, begins[phase + 1] - begins[phase]);
  }

  double worstMs(long[] worstNs, int phase) {
    long worst = 0;
    for (int i = begins[phase]; i < begins[phase + 1]; i++) {
      worst = Math.max(worst, worstNs[i]);
    }
    return worst / 1e6;
  }

  /**
   * Seconds from the beginning of the last phase until a SET was done again; -1 if none was, 0 if
   * they never ceased.
   */
  double resumedAfterSeconds() {
    for (int i = begins[2]; i < begins[3]; i++) {
      if (timeline.sets().refused[i] == 0 && timeline.sets().done[i] > 0) {
        return (i - begins[2]) * Timeline.BUCKET_NS / 1e9;
      }
    }
    return -1;
  }

  private static void pause(long ms) {
    try {
      TimeUnit.MILLISECONDS.sleep(ms);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while clients were measured", e);
    }
  }
}
