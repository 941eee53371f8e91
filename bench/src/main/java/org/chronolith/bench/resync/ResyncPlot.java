package org.chronolith.bench.resync;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;
import org.chronolith.bench.BenchException;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;

/** Four plots in one picture: how long, and what clients noticed, by data size and by lag. */
final class ResyncPlot {

  private static final int WIDTH = 640;
  private static final int HEIGHT = 420;
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
    System.setProperty("java.awt.headless", "true");
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
    BufferedImage picture = new BufferedImage(2 * WIDTH, 2 * HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    for (int i = 0; i < charts.size(); i++) {
      Graphics2D part = (Graphics2D) graphics.create(i % 2 * WIDTH, i / 2 * HEIGHT, WIDTH, HEIGHT);
      charts.get(i).paint(part, WIDTH, HEIGHT);
      part.dispose();
    }
    graphics.dispose();
    try (OutputStream out = Files.newOutputStream(file)) {
      ImageIO.write(picture, "png", out);
    } catch (IOException e) {
      throw new BenchException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private static XYChart chart(
      String title,
      String xTitle,
      String yTitle,
      List<Resync> resyncs,
      Predicate<Resync> wanted,
      ToDoubleFunction<Resync> x,
      ToDoubleFunction<Resync> y) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(xTitle)
            .yAxisTitle(yTitle)
            .build();
    chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNW);
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setXAxisMin(0.0);
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
