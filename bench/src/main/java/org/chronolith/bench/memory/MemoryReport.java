package org.chronolith.bench.memory;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.chronolith.bench.Json;

/** The table and the JSON of a memory measurement. */
final class MemoryReport {

  private static final double MIB = 1024 * 1024;
  private static final double NS_PER_MS = 1e6;

  private MemoryReport() {}

  /** What was measured on one server. */
  record Side(
      String name, int keys, MemoryRun.Load load, MemoryRun.Phase plain, MemoryRun.Phase saving) {

    Map<String, Object> figures() {
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("used_memory bytes per key", (double) load.usedBytes() / keys);
      figures.put("resident bytes per key", (double) load.residentBytes() / keys);
      figures.put("load, SET/s", load.setsPerSecond());
      addPhase(figures, "overwrite: ", plain);
      addPhase(figures, "overwrite during BGSAVE: ", saving);
      return figures;
    }

    private static void addPhase(Map<String, Object> figures, String label, MemoryRun.Phase phase) {
      figures.put(label + "seconds", phase.seconds());
      figures.put(label + "SET/s", phase.setsPerSecond());
      figures.put(label + "probe p50, ms", percentileMs(phase, 50));
      figures.put(label + "probe p99, ms", percentileMs(phase, 99));
      figures.put(label + "probe p99.9, ms", percentileMs(phase, 99.9));
      figures.put(label + "worst reply, ms", phase.latencies().replies().getMaxValue() / NS_PER_MS);
      figures.put(
          label + "probe's own worst wake-up, ms", phase.latencies().worstWakeUpNs() / NS_PER_MS);
      figures.put(label + "peak resident MiB", phase.peakResidentBytes() / MIB);
    }

    private static double percentileMs(MemoryRun.Phase phase, double percentile) {
      return phase.latencies().replies().getValueAtPercentile(percentile) / NS_PER_MS;
    }
  }

  /** One line per figure, one column per server. */
  static String table(List<Side> sides) {
    StringBuilder table = new StringBuilder(String.format(Locale.ROOT, "%-56s", ""));
    sides.forEach(side -> table.append(String.format(Locale.ROOT, "%16s", side.name())));
    table.append(System.lineSeparator());
    for (String figure : sides.get(0).figures().keySet()) {
      table.append(String.format(Locale.ROOT, "%-56s", figure));
      for (Side side : sides) {
        table.append(String.format(Locale.ROOT, "%,16.2f", side.figures().get(figure)));
      }
      table.append(System.lineSeparator());
    }
    return table.toString();
  }

  static String json(Map<String, String> facts, List<Side> sides) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("machine", facts);
    report.put("keys", sides.get(0).keys());
    sides.forEach(side -> report.put(side.name(), side.figures()));
    return Json.write(report);
  }
}
