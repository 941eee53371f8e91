package org.chronolith.bench.resync;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.chronolith.bench.plot.Picture;
import org.knowm.xchart.XYChart;

/** Four plots in one picture: how long, and what clients noticed, by data size and by lag. */
final class ResyncPlot {

  private static final String WORST = "worst reply, ms";
  private static final ToDoubleFunction<Resync> DATA = Resync::dataMib;
  private static final ToDoubleFunction<Resync> LAG = Resync::lagMib;
  private static final ToDoubleFunction<Resync> SECONDS = Resync::seconds;
  private static final ToDoubleFunction<Resync> WORST_MS = resync -> resync.during().worstMs();

  private ResyncPlot() {}

  /**
   * Needs no display.
   *
   * @param file a PNG, overwritten
   */
  static void write(Path file, List<Resync> resyncs) {
    int largest = resyncs.stream().mapToInt(Resync::dataMib).max().orElseThrow();
    Predicate<Resync> first = resync -> resync.lagMib() == 0;
    Predicate<Resync> lagging = resync -> resync.lagMib() > 0 && resync.dataMib() == largest;
    String lagTitle = " after a lag (data set of " + largest + " MiB)";
    List<XYChart> charts =
        List.of(
            chart("Full sync", "data, MiB", "seconds", resyncs, first, DATA, SECONDS),
            chart("Resync" + lagTitle, "lag, MiB", "seconds", resyncs, lagging, LAG, SECONDS),
            chart("Clients: full sync", "data, MiB", WORST, resyncs, first, DATA, WORST_MS),
            chart(
                "Clients: resync" + lagTitle, "lag, MiB", WORST, resyncs, lagging, LAG, WORST_MS));
    Picture.write(file, charts);
  }

  private static XYChart chart(
      String title,
      String xTitle,
      String yTitle,
      List<Resync> resyncs,
      Predicate<Resync> wanted,
      ToDoubleFunction<Resync> x,
      ToDoubleFunction<Resync> y) {
    XYChart chart = Picture.chart(title, xTitle, yTitle);
    for (String server : resyncs.stream().map(Resync::server).distinct().toList()) {
      List<Double> xs = new ArrayList<>();
      List<Double> ys = new ArrayList<>();
      for (Resync resync : resyncs) {
        if (resync.server().equals(server) && wanted.test(resync)) {
          xs.add(x.applyAsDouble(resync));
          ys.add(y.applyAsDouble(resync));
        }
      }
      if (!xs.isEmpty()) {
        chart.addSeries(server, xs, ys);
      }
    }
    return chart;
  }
}
