package org.chronolith.bench.throughput;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.chronolith.bench.Json;

/** The table and the JSON of a comparison. */
final class ThroughputReport {

  private static final String ROW = "%-16s %3s  %29s  %29s  %5s  %-9s  %15s%n";

  private ThroughputReport() {}

  /**
   * One line per test: both medians with their ranges, the median of the rounds' ratios, and the
   * median processor time of the reference and of the subject for one request.
   */
  static String table(List<Figures> figures) {
    StringBuilder table = new StringBuilder();
    table.append(
        row(
            "test",
            "P",
            "reference rps (min-max)",
            "subject rps (min-max)",
            "ratio",
            "(min-max)",
            "CPU us/request"));
    for (Figures test : figures) {
      List<Double> ratios = test.ratios(Sample::requestsPerSecond);
      table.append(
          row(
              test.test(),
              Integer.toString(test.pipeline()),
              spread(test.reference(Sample::requestsPerSecond)),
              spread(test.subject(Sample::requestsPerSecond)),
              String.format(Locale.ROOT, "%.2f", Figures.median(ratios)),
              String.format(Locale.ROOT, "%.2f-%.2f", min(ratios), max(ratios)),
              cpu(test)));
    }
    return table.toString();
  }

  static String json(
      Map<String, String> facts, Map<String, String> settings, List<Figures> figures) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("machine", facts);
    report.put("settings", settings);
    report.put("tests", figures.stream().map(ThroughputReport::test).toList());
    return Json.write(report);
  }

  private static Map<String, Object> test(Figures figures) {
    Map<String, Object> test = new LinkedHashMap<>();
    test.put("test", figures.test());
    test.put("pipeline", figures.pipeline());
    test.put("ratio_median", Figures.median(figures.ratios(Sample::requestsPerSecond)));
    test.put("reference_rps", figures.reference(Sample::requestsPerSecond));
    test.put("subject_rps", figures.subject(Sample::requestsPerSecond));
    test.put("reference_cpu_us", figures.reference(Sample::cpuMicrosPerRequest));
    test.put("subject_cpu_us", figures.subject(Sample::cpuMicrosPerRequest));
    return test;
  }

  private static String cpu(Figures test) {
    return String.format(
        Locale.ROOT,
        "%.2f / %.2f",
        Figures.median(test.reference(Sample::cpuMicrosPerRequest)),
        Figures.median(test.subject(Sample::cpuMicrosPerRequest)));
  }

  private static String row(Object... cells) {
    return String.format(Locale.ROOT, ROW, cells);
  }

  private static String spread(List<Double> values) {
    return String.format(
        Locale.ROOT, "%,.0f (%,.0f-%,.0f)", Figures.median(values), min(values), max(values));
  }

  private static double min(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
  }

  private static double max(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
  }
}
