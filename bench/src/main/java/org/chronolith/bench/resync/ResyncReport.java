package org.chronolith.bench.resync;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.chronolith.bench.Json;

/** The table and the JSON of the resyncs. */
final class ResyncReport {

  private static final String HEAD = "%-10s %8s %7s  %-7s %8s  %17s  %17s  %17s  %19s%n";

  private ResyncReport() {}

  /** A line each; clients' figures as before / during. */
  static String table(List<Resync> resyncs) {
    StringBuilder table = new StringBuilder();
    table.append(
        String.format(
            Locale.ROOT,
            HEAD,
            "server",
            "data MiB",
            "lag MiB",
            "sync",
            "seconds",
            "SET/s",
            "p50 ms",
            "p99 ms",
            "worst reply ms"));
    for (Resync resync : resyncs) {
      Traffic.Seen before = resync.before();
      Traffic.Seen during = resync.during();
      table.append(
          String.format(
              Locale.ROOT,
              HEAD,
              resync.server(),
              resync.dataMib(),
              resync.lagMib() == 0 ? "-" : Integer.toString(resync.lagMib()),
              resync.full() ? "full" : "partial",
              String.format(Locale.ROOT, "%.2f", resync.seconds()),
              pair("%,.0f", before.setsPerSecond(), during.setsPerSecond()),
              pair("%.2f", before.percentileMs(50), during.percentileMs(50)),
              pair("%.1f", before.percentileMs(99), during.percentileMs(99)),
              pair("%.1f", before.worstMs(), during.worstMs())));
    }
    return table.toString();
  }

  static String json(
      Map<String, String> facts, Map<String, String> settings, List<Resync> resyncs) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("machine", facts);
    report.put("settings", settings);
    report.put("resyncs", resyncs.stream().map(Resync::figures).toList());
    return Json.write(report);
  }

  private static String pair(String format, double before, double during) {
    return String.format(Locale.ROOT, format + " / " + format, before, during);
  }
}
