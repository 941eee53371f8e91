package org.chronolith.bench.disk;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.chronolith.bench.plot.Picture;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The picture of what clients saw over time: a row of plots for each kind of disk. */
final class DiskPlot {

  private static final int COLUMNS = 3;
  private static final double LEAST_MS = 0.01;

  private DiskPlot() {}

  static void write(Path file, List<DiskRun> runs) {
    List<XYChart> charts = new ArrayList<>();
    for (String scenario : runs.stream().map(DiskRun::scenario).distinct().toList()) {
      List<DiskRun> those = runs.stream().filter(run -> run.scenario().equals(scenario)).toList();
      DiskRun first = those.get(0);
      String title =
          String.format(
              Locale.ROOT, "Disk %s from %.1f to %.1f s", scenario, at(first, 1), at(first, 2));
      charts.add(throughput(title, those));
      charts.add(latency(title, "SET replies, ms", those, Timeline::sets));
      charts.add(latency(title, "GET replies, ms", those, Timeline::gets));
    }
    Picture.write(file, charts, COLUMNS);
  }

  private static XYChart throughput(String title, List<DiskRun> runs) {
    XYChart chart = Picture.chart(title, "seconds", "1000/s");
    for (DiskRun run : runs) {
      add(chart, run, "SETs", perSecond(run.timeline().sets().done));
      add(chart, run, "SETs refused", perSecond(run.timeline().sets().refused));
      add(chart, run, "GETs", perSecond(run.timeline().gets().done));
    }
    return chart;
  }

  private static IntToDoubleFunction perSecond(long[] counts) {
    return i -> counts[i] * 1e6 / Timeline.BUCKET_NS;
  }

  private static XYChart latency(
      String title, String yTitle, List<DiskRun> runs, Function<Timeline, Lane> client) {
    XYChart chart = Picture.chart(title, "seconds", yTitle);
    chart.getStyler().setYAxisLogarithmic(true);
    chart.getStyler().setYAxisMin(LEAST_MS);
    for (DiskRun run : runs) {
      Lane lane = client.apply(run.timeline());
      add(chart, run, "p50", i -> ms(lane, i, 50));
      add(chart, run, "p99", i -> ms(lane, i, 99));
      add(chart, run, "max", i -> ms(lane, i, 100));
    }
    return chart;
  }

  /** A gap where no reply came. */
  private static double ms(Lane lane, int bucket, double percentile) {
    Histogram replies = lane.replies(bucket, bucket + 1);
    return replies.getTotalCount() == 0
        ? Double.NaN
        : Math.max(LEAST_MS, replies.getValueAtPercentile(percentile) / 1e6);
  }

  private static void add(XYChart chart, DiskRun run, String name, IntToDoubleFunction y) {
    List<Double> xs = new ArrayList<>();
    List<Double> ys = new ArrayList<>();
    for (int i = run.begins()[0]; i < run.begins()[3]; i++) {
      xs.add((i - run.begins()[0]) * Timeline.BUCKET_NS / 1e9);
      ys.add(y.applyAsDouble(i));
    }
    chart.addSeries(run.server() + ", " + name, xs, ys).setMarker(SeriesMarkers.NONE);
  }

  private static double at(DiskRun run, int phase) {
    return (run.begins()[phase] - run.begins()[0]) * Timeline.BUCKET_NS / 1e9;
  }
}
