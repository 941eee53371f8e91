package org.chronolith.bench.disk;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.chronolith.bench.Json;
import org.chronolith.bench.plot.Picture;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The table, the JSON and the picture of what clients saw. */
final class DiskReport {

  private static final String ROW = "%-8s %-10s %-7s %9s %11s %9s %14s %14s%n";

  private DiskReport() {}

  static String table(List<DiskRun> runs) {
    StringBuilder table = new StringBuilder();
    table.append(
        String.format(
            Locale.ROOT,
            ROW,
            "disk",
            "server",
            "phase",
            "SET/s",
            "refused/s",
            "GET/s",
            "worst SET ms",
            "worst GET ms"));
    for (DiskRun run : runs) {
      for (int phase = 0; phase < DiskRun.PHASES.size(); phase++) {
        table.append(
            String.format(
                Locale.ROOT,
                ROW,
                run.scenario(),
                run.server(),
                DiskRun.PHASES.get(phase),
                whole(run.perSecond(run.timeline().sets().done, phase)),
                whole(run.perSecond(run.timeline().sets().refused, phase)),
                whole(run.perSecond(run.timeline().gets().done, phase)),
                tenths(run.worstMs(run.timeline().sets().worstNs, phase)),
                tenths(run.worstMs(run.timeline().gets().worstNs, phase))));
      }
    }
    for (DiskRun run : runs) {
      if (!run.timeline().sets().refusal.isEmpty()) {
        table.append(
            String.format(
                Locale.ROOT,
                "%s: '%s'; once there was space, SETs were done again after %.1f s%n",
                run.server(),
                run.timeline().sets().refusal,
                run.resumedAfterSeconds()));
      }
    }
    return table.toString();
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
      figures.put(name + "GET/s", run.perSecond(run.timeline().gets().done, phase));
      figures.put(name + "worst SET, ms", run.worstMs(run.timeline().sets().worstNs, phase));
      figures.put(name + "worst GET, ms", run.worstMs(run.timeline().gets().worstNs, phase));
    }
    return figures;
  }

  /** Throughput and the worst reply over time, for each kind of disk. */
  static void plot(Path file, List<DiskRun> runs) {
    List<XYChart> charts = new ArrayList<>();
    for (String scenario : runs.stream().map(DiskRun::scenario).distinct().toList()) {
      DiskRun first = runs.stream().filter(run -> run.scenario().equals(scenario)).toList().get(0);
      String when =
          String.format(
              Locale.ROOT, "%s from %.1f to %.1f s", scenario, at(first, 1), at(first, 2));
      XYChart throughput = Picture.chart("Disk " + when, "seconds", "SETs done, 1000/s");
      XYChart worst = Picture.chart("Disk " + when, "seconds", "worst reply, ms");
      for (DiskRun run : runs) {
        if (run.scenario().equals(scenario)) {
          Timeline.Lane sets = run.timeline().sets();
          Timeline.Lane gets = run.timeline().gets();
          add(throughput, run.server(), run, i -> sets.done[i] * 1e6 / Timeline.BUCKET_NS);
          add(worst, run.server() + ", SET", run, i -> sets.worstNs[i] / 1e6);
          add(worst, run.server() + ", GET", run, i -> gets.worstNs[i] / 1e6);
        }
      }
      charts.add(throughput);
      charts.add(worst);
    }
    Picture.write(file, charts);
  }

  private static void add(XYChart chart, String name, DiskRun run, IntToDoubleFunction y) {
    List<Double> xs = new ArrayList<>();
    List<Double> ys = new ArrayList<>();
    for (int i = run.begins()[0]; i < run.begins()[3]; i++) {
      xs.add((i - run.begins()[0]) * Timeline.BUCKET_NS / 1e9);
      ys.add(y.applyAsDouble(i));
    }
    chart.addSeries(name, xs, ys).setMarker(SeriesMarkers.NONE);
  }

  private static double at(DiskRun run, int phase) {
    return (run.begins()[phase] - run.begins()[0]) * Timeline.BUCKET_NS / 1e9;
  }

  private static String whole(double value) {
    return String.format(Locale.ROOT, "%,.0f", value);
  }

  private static String tenths(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
