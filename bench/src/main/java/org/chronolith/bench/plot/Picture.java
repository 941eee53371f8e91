package org.chronolith.bench.plot;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.chronolith.bench.BenchException;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;

/** Several plots in one PNG. */
public final class Picture {

  private static final int WIDTH = 640;
  private static final int HEIGHT = 420;

  private Picture() {}

  /** An empty plot whose axes begin at 0. Needs no display. */
  public static XYChart chart(String title, String xTitle, String yTitle) {
    System.setProperty("java.awt.headless", "true");
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(xTitle)
            .yAxisTitle(yTitle)
            .build();
    chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setXAxisMin(0.0);
    return chart;
  }

  /**
   * Draws {@code charts}, two in a row.
   *
   * @param file a PNG, overwritten
   */
  public static void write(Path file, List<XYChart> charts) {
    write(file, charts, 2);
  }

  /** The same with {@code columns} in a row. */
  public static void write(Path file, List<XYChart> charts, int columns) {
    int rows = (charts.size() + columns - 1) / columns;
    BufferedImage picture =
        new BufferedImage(columns * WIDTH, rows * HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    for (int i = 0; i < charts.size(); i++) {
      Graphics2D part =
          (Graphics2D) graphics.create(i % columns * WIDTH, i / columns * HEIGHT, WIDTH, HEIGHT);
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
}
