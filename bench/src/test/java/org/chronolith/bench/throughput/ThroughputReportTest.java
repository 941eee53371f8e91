package org.chronolith.bench.throughput;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ThroughputReportTest {

  @Test
  void shouldTakeTheMedianOfOddAndEvenCounts() {
    assertEquals(2.0, Figures.median(List.of(3.0, 1.0, 2.0)));
    assertEquals(2.5, Figures.median(List.of(4.0, 1.0, 3.0, 2.0)));
  }

  @Test
  void shouldPrintTheMedianOfTheRoundsRatiosNotTheRatioOfTheMedians() {
    Figures figures = new Figures("SET", 16);
    addRound(figures, 100, 100);
    addRound(figures, 1000, 500);
    addRound(figures, 200, 180);
    String line = ThroughputReport.table(List.of(figures)).lines().toList().get(1);
    assertEquals(
        "SET 16 200 (100-1,000) 180 (100-500) 0.90 0.50-1.00 2.00 / 3.00",
        line.trim().replaceAll(" +", " "));
  }

  @Test
  void shouldWriteEveryRoundAsJson() {
    Figures figures = new Figures("SET", 1);
    addRound(figures, 100, 50);
    String json = ThroughputReport.json(Map.of("jdk", "a \"17\""), Map.of(), List.of(figures));
    assertTrue(json.contains("\"jdk\":\"a \\\"17\\\"\""), json);
    assertTrue(json.contains("\"ratio_median\":0.500"), json);
    assertTrue(json.contains("\"subject_rps\":[50.000]"), json);
  }

  private static void addRound(Figures figures, double referenceRps, double subjectRps) {
    figures.addRound(new Sample(referenceRps, 2), new Sample(subjectRps, 3));
  }
}
