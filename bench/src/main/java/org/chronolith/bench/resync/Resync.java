package org.chronolith.bench.resync;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One resync.
 *
 * @param server whose pair it was
 * @param dataMib data set of the master
 * @param lagMib what was written while the replica was cut off; 0 for a replica that began empty
 * @param full whether the master counted a full sync rather than a partial one
 * @param seconds from the order to follow until the replica has what the master had at that moment
 * @param before clients of the master with the replica in step, or with none for the first sync
 * @param during clients of the master meanwhile
 */
record Resync(
    String server,
    int dataMib,
    int lagMib,
    boolean full,
    double seconds,
    Traffic.Seen before,
    Traffic.Seen during) {

  Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("server", server);
    figures.put("data_mib", dataMib);
    figures.put("lag_mib", lagMib);
    figures.put("sync", full ? "full" : "partial");
    figures.put("seconds", seconds);
    add(figures, "before", before);
    add(figures, "during", during);
    return figures;
  }

  private static void add(Map<String, Object> figures, String when, Traffic.Seen seen) {
    figures.put(when + "_sets_per_second", seen.setsPerSecond());
    figures.put(when + "_p50_ms", seen.percentileMs(50));
    figures.put(when + "_p99_ms", seen.percentileMs(99));
    figures.put(when + "_worst_ms", seen.worstMs());
  }
}
