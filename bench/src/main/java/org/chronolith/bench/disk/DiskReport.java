package org.chronolith.bench.disk;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.chronolith.bench.Json;

/** The table and the JSON of what clients saw. */
final class DiskReport {

  private static final String ROW = "%-8s  %-9s  %-6s  %8s %9s %26s  %7s %26s%n";
  private static final double[] PERCENTILES = {50, 99, 100};

  private DiskReport() {}

  static String table(List<DiskRun> runs) {
    StringBuilder table = new StringBuilder();
    table.append(
        row(
            "disk",
            "server",
            "phase",
            "SET/s",
            "refused/s",
            "p50 / p99 / max ms",
            "GET/s",
            "p50 / p99 / max ms"));
    for (DiskRun run : runs) {
      for (int phase = 0; phase < DiskRun.PHASES.size(); phase++) {
        table.append(
            row(
                run.scenario(),
                run.server(),
                DiskRun.PHASES.get(phase),
                whole(run.perSecond(run.timeline().sets().done, phase)),
                whole(run.perSecond(run.timeline().sets().refused, phase)),
                latencies(run.replies(run.timeline().sets(), phase)),
                whole(run.perSecond(run.timeline().gets().done, phase)),
                latencies(run.replies(run.timeline().gets(), phase))));
      }
    }
    runs.forEach(run -> remarks(run, table));
    return table.toString();
  }

  private static String row(Object... columns) {
    return String.format(Locale.ROOT, ROW, columns);
  }

  /** What numbers do not say. */
  private static void remarks(DiskRun run, StringBuilder table) {
    String who = run.scenario() + ", " + run.server() + ": ";
    errors(who, "SETs", run.timeline().sets(), table);
    errors(who, "GETs", run.timeline().gets(), table);
    if (run.ceased()) {
      double seconds = run.resumedAfterSeconds();
      table
          .append(who)
          .append(
              seconds < 0
                  ? "SETs were not done again"
                  : String.format(
                      Locale.ROOT, "SETs were done again %.1f s after the end of it", seconds))
          .append(System.lineSeparator());
    }
    if (run.checked() != null) {
      table.append(who).append(run.checked()).append(System.lineSeparator());
    }
  }

  private static void errors(String who, String requests, Lane lane, StringBuilder table) {
    lane.errors()
        .forEach(
            (text, count) ->
                table.append(
                    String.format(Locale.ROOT, "%s%,d %s got '%s'%n", who, count, requests, text)));
    if (lane.cuts() > 0) {
      table.append(
          String.format(
              Locale.ROOT,
              "%s%,d %s got no reply, in %,d connections that ended%n",
              who,
              lane.unanswered(),
              requests,
              lane.cuts()));
    }
  }

  static String json(Map<String, String> facts, Map<String, String> settings, List<DiskRun> runs) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("machine", facts);
    report.put("settings", settings);
    report.put("runs", runs.stream().map(DiskReport::figures).toList());
    return Json.write(report);
  }

  private static Map<String, Object> figures(DiskRun run) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("disk", run.scenario());
    figures.put("server", run.server());
    for (int phase = 0; phase < DiskRun.PHASES.size(); phase++) {
      String name = DiskRun.PHASES.get(phase) + ": ";
      figures.put(name + "SET/s", run.perSecond(run.timeline().sets().done, phase));
      figures.put(name + "refused/s", run.perSecond(run.timeline().sets().refused, phase));
      figures.put(name + "SET p50, p99, max, ms", ms(run.replies(run.timeline().sets(), phase)));
      figures.put(name + "GET/s", run.perSecond(run.timeline().gets().done, phase));
      figures.put(name + "GET p50, p99, max, ms", ms(run.replies(run.timeline().gets(), phase)));
    }
    figures.put("SET errors", run.timeline().sets().errors());
    figures.put("GET errors", run.timeline().gets().errors());
    figures.put("SETs without a reply", run.timeline().sets().unanswered());
    figures.put("GETs without a reply", run.timeline().gets().unanswered());
    if (run.checked() != null) {
      figures.put("acknowledged", run.checked().acknowledged());
      figures.put("acknowledged and lost", run.checked().lost());
      figures.put("refused and there", run.checked().refusedThere());
    }
    return figures;
  }

  private static List<Double> ms(Histogram replies) {
    return Arrays.stream(PERCENTILES)
        .mapToObj(percentile -> replies.getValueAtPercentile(percentile) / 1e6)
        .toList();
  }

  private static String latencies(Histogram replies) {
    if (replies.getTotalCount() == 0) {
      return "-";
    }
    List<Double> ms = ms(replies);
    return String.format(Locale.ROOT, "%.1f / %.1f / %.1f", ms.get(0), ms.get(1), ms.get(2));
  }

  private static String whole(double value) {
    return String.format(Locale.ROOT, "%,.0f", value);
  }
}
