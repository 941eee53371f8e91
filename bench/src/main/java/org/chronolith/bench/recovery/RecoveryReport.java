package org.chronolith.bench.recovery;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.chronolith.bench.Json;
import org.chronolith.bench.plot.Picture;
import org.knowm.xchart.XYChart;

/** The table, the JSON and the picture of the starts. */
final class RecoveryReport {

  private static final String ROW = "%-10s %-6s %10s %8s %8s%n";

  private RecoveryReport() {}

  static String table(List<Restart> restarts) {
    StringBuilder table = new StringBuilder();
    table.append(String.format(Locale.ROOT, ROW, "server", "after", "keys", "log MiB", "seconds"));
    for (Restart restart : restarts) {
      table.append(
          String.format(
              Locale.ROOT,
              ROW,
              restart.server(),
              restart.crash() ? "kill" : "stop",
              restart.keys(),
              restart.logMib() == 0 ? "-" : Integer.toString(restart.logMib()),
              String.format(Locale.ROOT, "%.2f", restart.seconds())));
    }
    return table.toString();
  }

  static String json(
      Map<String, String> facts, Map<String, String> settings, List<Restart> restarts) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("machine", facts);
    report.put("settings", settings);
    report.put("restarts", restarts.stream().map(Restart::figures).toList());
    return Json.write(report);
  }

  static void plot(Path file, List<Restart> restarts) {
    XYChart byKeys = Picture.chart("Start by keys", "keys", "seconds");
    XYChart byLog = Picture.chart("Start after a kill, by log since the save", "MiB", "seconds");
    for (String server : restarts.stream().map(Restart::server).distinct().toList()) {
      Predicate<Restart> own = restart -> restart.server().equals(server);
      Predicate<Restart> saved = own.and(restart -> !restart.crash() && restart.logMib() == 0);
      Predicate<Restart> killed = own.and(restart -> restart.crash() && restart.logMib() == 0);
      Predicate<Restart> logged = own.and(restart -> restart.logMib() > 0);
      add(byKeys, server + ", saved and stopped", restarts, saved, Restart::keys);
      add(byKeys, server + ", killed, log alone", restarts, killed, Restart::keys);
      add(byLog, server, restarts, logged, Restart::logMib);
    }
    Picture.write(file, List.of(byKeys, byLog));
  }

  private static void add(
      XYChart chart,
      String name,
      List<Restart> restarts,
      Predicate<Restart> wanted,
      ToDoubleFunction<Restart> x) {
    List<Double> xs = new ArrayList<>();
    List<Double> ys = new ArrayList<>();
    for (Restart restart : restarts) {
      if (wanted.test(restart)) {
        xs.add(x.applyAsDouble(restart));
        ys.add(restart.seconds());
      }
    }
    if (!xs.isEmpty()) {
      chart.addSeries(name, xs, ys);
    }
  }
}
