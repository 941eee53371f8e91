package org.chronolith.bench.disk;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.process.ServerProcess;

/**
 * A server before, during and after a disturbance.
 *
 * @param scenario what happened to the disk
 * @param begins bucket in which each phase begins, and where the last one ends
 * @param checked what was found of the acknowledged SETs, or null if that was not looked at
 */
record DiskRun(
    String scenario, String server, Timeline timeline, int[] begins, Acknowledged checked) {

  static final List<String> PHASES = List.of("before", "during", "after");

  /**
   * Measures, each phase for so long.
   *
   * @param keys of the SETs
   */
  static DiskRun measure(
      String scenario,
      ServerProcess server,
      Disturbance disturbance,
      Timeline.Sets load,
      Keys keys,
      double seconds) {
    long phaseMs = Math.max(1, Math.round(seconds * 1000));
    // More than is needed: filling a volume and a hog's last force take their time, and a restart
    // may take all that it is given.
    long mostMs = 2 * PHASES.size() * phaseMs + 10_000 + ServerProcess.RESTART_DEADLINE_MS;
    int buckets = (int) (mostMs / TimeUnit.NANOSECONDS.toMillis(Timeline.BUCKET_NS));
    int[] begins = new int[PHASES.size() + 1];
    try (Timeline timeline = Timeline.start(server, load, keys, buckets)) {
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
      begins[3] = Math.min(timeline.now(), buckets);
      timeline.finish();
      if (!server.isAlive()) {
        throw new BenchException(server.name() + " has ended:\n" + server.outputTail());
      }
      return new DiskRun(scenario, server.name(), timeline, begins, null);
    }
  }

  /** The same, with what a check has found. */
  DiskRun with(Acknowledged found) {
    return new DiskRun(scenario, server, timeline, begins, found);
  }

  /** Whether no reply was found to have been a lie. */
  boolean isSound() {
    return checked == null || checked.isSound();
  }

  /** Requests per second that were done in a phase. */
  double perSecond(long[] counts, int phase) {
    return sum(counts, begins[phase], begins[phase + 1])
        * 1e9
        / Timeline.BUCKET_NS
        / Math.max(1, begins[phase + 1] - begins[phase]);
  }

  private static long sum(long[] counts, int from, int to) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += counts[i];
    }
    return sum;
  }

  /** Reply times of a phase, in ns. */
  Histogram replies(Lane lane, int phase) {
    return lane.replies(begins[phase], begins[phase + 1]);
  }

  /** Whether SETs were refused, or not answered, from the disturbance on. */
  boolean ceased() {
    return timeline.sets().cuts() > 0 || sum(timeline.sets().refused, begins[1], begins[3]) > 0;
  }

  /**
   * Seconds from the beginning of the last phase until SETs were done and none was refused; -1 if
   * that never came.
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
